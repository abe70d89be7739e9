// Eight floats worked on together, as GCC and Clang vector types: the compiler maps them
// to whatever the machine has. The same functions exist for double, so that a formula
// written once serves the search (eight triangles in float) and the answer (one in double).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

// For functions that exchange many lanes: as calls they would pass them through memory.
#define SPINE_INLINE inline __attribute__((always_inline))

namespace spine {

constexpr int kLanes = 8;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

typedef float Lanes __attribute__((vector_size(4 * kLanes)));
typedef int32_t Mask __attribute__((vector_size(4 * kLanes)));

inline Lanes splat(float x) { return Lanes{} + x; }

inline Lanes select(Mask condition, Lanes yes, Lanes no) { return condition ? yes : no; }
inline double select(bool condition, double yes, double no) { return condition ? yes : no; }

inline Lanes min(Lanes a, Lanes b) { return a < b ? a : b; }
inline Lanes max(Lanes a, Lanes b) { return a > b ? a : b; }
inline double min(double a, double b) { return a < b ? a : b; }
inline double max(double a, double b) { return a > b ? a : b; }

inline Lanes sqrt(Lanes x) {
  Lanes root;
  for (int i = 0; i < kLanes; ++i) root[i] = std::sqrt(x[i]);
  return root;
}

inline Lanes abs(Lanes x) { return x < 0 ? -x : x; }

// The lanes in another order.
#ifdef __clang__
#define SPINE_SHUFFLE(x, ...) __builtin_shufflevector(x, x, __VA_ARGS__)
#else
#define SPINE_SHUFFLE(x, ...) __builtin_shuffle(x, Mask{__VA_ARGS__})
#endif

// Folds the lanes into one with an operation that does not mind the order.
template <class T, class Operation>
inline auto fold(T x, Operation operation) {
  x = operation(x, SPINE_SHUFFLE(x, 4, 5, 6, 7, 0, 1, 2, 3));
  x = operation(x, SPINE_SHUFFLE(x, 2, 3, 0, 1, 6, 7, 4, 5));
  return operation(x, SPINE_SHUFFLE(x, 1, 0, 3, 2, 5, 4, 7, 6))[0];
}

inline float sum(Lanes x) {
  return fold(x, [](Lanes a, Lanes b) { return a + b; });
}
inline float min_lane(Lanes x) {
  return fold(x, [](Lanes a, Lanes b) { return min(a, b); });
}
inline float max_lane(Lanes x) {
  return fold(x, [](Lanes a, Lanes b) { return max(a, b); });
}

constexpr Mask kLane = {0, 1, 2, 3, 4, 5, 6, 7};

// Bit i is set where lane i is true.
inline uint32_t bits(Mask condition) {
  const Mask set = condition & (Mask{} + 1) << kLane;
  return fold(set, [](Mask a, Mask b) { return a | b; });
}

// Arc tangent of y / x in all four quadrants; atan2(0, 0) = 0. Absolute error 2e-7.
// Odd polynomial on [0, 1], least maximal error (3.7e-8), fitted for this file.
inline Lanes atan2(Lanes y, Lanes x) {
  const Lanes ax = abs(x), ay = abs(y);
  const Lanes large = max(ax, ay);
  const Lanes ratio = min(ax, ay) / select(large > 0, large, splat(1));
  const Lanes s = ratio * ratio;
  Lanes p = splat(-0.0040545128f);
  p = p * s + 0.021862756f;
  p = p * s - 0.055912029f;
  p = p * s + 0.09642175f;
  p = p * s - 0.13908620f;
  p = p * s + 0.19946563f;
  p = p * s - 0.33329859f;
  p = p * s + 0.99999934f;
  constexpr float kPi = 3.14159265f;
  Lanes angle = p * ratio;
  angle = select(ay > ax, kPi / 2 - angle, angle);
  angle = select(x < 0, kPi - angle, angle);
  return select(y < 0, -angle, angle);
}

}  // namespace spine
