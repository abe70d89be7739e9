// Eight floats worked on together, as GCC and Clang vector types: the compiler maps them
// to whatever the machine has. The same functions exist for double, so that a formula
// written once serves the search (eight triangles in float) and the answer (one in double).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

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

inline float sum(Lanes x) {
  return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

inline float min_lane(Lanes x) {
  float low = x[0];
  for (int i = 1; i < kLanes; ++i) low = x[i] < low ? x[i] : low;
  return low;
}

inline float max_lane(Lanes x) { return -min_lane(-x); }

// Bit i is set where lane i is true.
inline uint32_t bits(Mask condition) {
  constexpr Mask kBit = {1, 2, 4, 8, 16, 32, 64, 128};
  const Mask set = condition & kBit;
  return ((set[0] | set[4]) | (set[2] | set[6])) | ((set[1] | set[5]) | (set[3] | set[7]));
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
