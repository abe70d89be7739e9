// The innermost loops of the convolutions: results of a few pixels, or a few weights, held
// in registers while everything that is summed into them passes by.
//
// Arrays are channels-last, so what one output pixel sees of one input row is consecutive:
// a window of `length` = taps * channels floats. A product sums over such rows.
#pragma once

#include <algorithm>
#include <cstring>
#include <utility>

#include "lanes.h"

// Loops over registers must vanish. GCC by itself stops at 16 turns.
#ifdef __clang__
#define SPINE_UNROLL _Pragma("unroll")
#else
#define SPINE_UNROLL _Pragma("GCC unroll 32")
#endif

// For lambdas, as SPINE_INLINE for functions.
#define SPINE_ALWAYS __attribute__((always_inline))

namespace spine {

#ifdef __AVX512F__
constexpr int kWideLanes = 16, kAccumulators = 24;
#else
constexpr int kWideLanes = kLanes, kAccumulators = 12;
#endif
typedef float Wide __attribute__((vector_size(4 * kWideLanes)));

// Neighbouring channels worked on together: N vectors of type V.
template <class V, int N>
struct Channels {
  using Vector = V;
  static constexpr int kVectors = N, kLanesEach = sizeof(V) / sizeof(float);
  static constexpr int kWidth = N * kLanesEach, kMost = kAccumulators / N;
};

// A range of channels that is worked on together: `keep` of `width`, the rest is padding.
struct ChannelBlock {
  int64_t first, width, keep;
};

// The block that begins at channel `first` of n.
inline ChannelBlock block_at(int64_t first, int64_t n) {
  const int64_t left = n - first;
  const int64_t width = n == 1                          ? 1
                        : left > 2 * kWideLanes - kLanes ? 2 * kWideLanes
                        : left > kLanes                  ? kWideLanes
                                                         : kLanes;
  return {first, width, std::min(left, width)};
}

// Calls work(Channels<..>) for a width above 1.
template <class Work>
void with_channels(int64_t width, const Work& work) {
  if (width == 2 * kWideLanes) return work(Channels<Wide, 2>{});
  if (width == kWideLanes) return work(Channels<Wide, 1>{});
  work(Channels<Lanes, 1>{});
}

// Sizes of blocks that exist as code, largest first.
using BlockSizes = std::integer_sequence<int, 24, 16, 12, 9, 8, 7, 6, 5, 4, 3, 2, 1>;

// Calls work(size) for the largest size up to n and Most; returns it.
template <int Most, class Work, int Size, int... Smaller>
int64_t largest_block(int64_t n, const Work& work,
                      std::integer_sequence<int, Size, Smaller...>) {
  if constexpr (Size <= Most) {
    if (n >= Size) {
      work(std::integral_constant<int, Size>{});
      return Size;
    }
  }
  if constexpr (sizeof...(Smaller) > 0) {
    return largest_block<Most>(n, work, std::integer_sequence<int, Smaller...>{});
  }
  return n;
}

// Calls work(begin, size) for blocks that make up [0, n).
template <int Most, class Work>
void for_each_block(int64_t n, const Work& work) {
  for (int64_t begin = 0; begin < n;) {
    begin += largest_block<Most>(
        n - begin, [&](auto size) { work(begin, size); }, BlockSizes{});
  }
}

template <class V>
SPINE_INLINE V load(const float* from) {
  V v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

template <class V>
SPINE_INLINE void store(const V& v, float* to, int64_t keep) {
  if (keep >= static_cast<int64_t>(sizeof(v) / sizeof(float))) {
    std::memcpy(to, &v, sizeof(v));
  } else if (keep > 0) {
    std::memcpy(to, &v, keep * sizeof(float));
  }
}

SPINE_INLINE float sum_of(Wide v) {
  Lanes half[kWideLanes / kLanes], total{};
  std::memcpy(half, &v, sizeof(v));
  for (const Lanes& part : half) total += part;
  return sum(total);
}

// One input row as the output pixels see it, and its weights [length, width].
struct Tap {
  const float* window;
  const float* weights;
};

// R output pixels of one channel block, summed over `n` rows: out[r] = sum x * weights.
// Windows of neighbouring pixels are `step` floats apart, their results `pitch`.
template <class Block, int R>
void convolve_block(const Tap* taps, int64_t n, int64_t length, int64_t step, float* out,
                    int64_t pitch, int64_t keep) {
  using V = typename Block::Vector;
  constexpr int N = Block::kVectors, kGroups = (R + 3) / 4;
  V acc[R][N] = {};
  for (int64_t t = 0; t < n; ++t) {
    // One pointer for four pixels: R of them would not fit into registers.
    const float* x[kGroups];
    SPINE_UNROLL for (int g = 0; g < kGroups; ++g) x[g] = taps[t].window + 4 * g * step;
    const float* weights = taps[t].weights;
    for (int64_t j = 0; j < length; ++j) {
      V w[N];
      SPINE_UNROLL for (int v = 0; v < N; ++v) {
        w[v] = load<V>(weights + v * Block::kLanesEach);
      }
      weights += Block::kWidth;
      SPINE_UNROLL for (int r = 0; r < R; ++r) {
        const float own = x[r / 4][(r % 4) * step];
        SPINE_UNROLL for (int v = 0; v < N; ++v) acc[r][v] += own * w[v];
      }
      SPINE_UNROLL for (int g = 0; g < kGroups; ++g) {
        ++x[g];
        asm("" : "+r"(x[g]));  // keeps the compiler from making R pointers after all
      }
    }
  }
  SPINE_UNROLL for (int r = 0; r < R; ++r) {
    SPINE_UNROLL for (int v = 0; v < N; ++v) {
      store(acc[r][v], out + r * pitch + v * Block::kLanesEach,
            keep - v * Block::kLanesEach);
    }
  }
}

// The same for a single output channel: lanes run along the window instead.
template <int R>
void convolve_dot(const Tap* taps, int64_t n, int64_t length, int64_t step, float* out,
                  int64_t pitch) {
  Wide wide[R] = {};
  Lanes lanes[R] = {};
  float rest[R] = {};
  for (int64_t t = 0; t < n; ++t) {
    const float* x = taps[t].window;
    const float* weights = taps[t].weights;
    int64_t j = 0;
    for (; j + kWideLanes <= length; j += kWideLanes) {
      const Wide w = load<Wide>(weights + j);
      SPINE_UNROLL for (int r = 0; r < R; ++r) wide[r] += load<Wide>(x + r * step + j) * w;
    }
    if (j + kLanes <= length) {
      const Lanes w = load<Lanes>(weights + j);
      SPINE_UNROLL for (int r = 0; r < R; ++r) {
        lanes[r] += load<Lanes>(x + r * step + j) * w;
      }
      j += kLanes;
    }
    for (; j < length; ++j) {
      SPINE_UNROLL for (int r = 0; r < R; ++r) rest[r] += x[r * step + j] * weights[j];
    }
  }
  SPINE_UNROLL for (int r = 0; r < R; ++r) {
    out[r * pitch] = sum_of(wide[r]) + sum(lanes[r]) + rest[r];
  }
}

// An input row as the output pixels see it, and the gradient [pixels, features] there.
struct RowPair {
  const float* window;
  const float* gradient;
};

// Adds to the weights [J, features] of J floats of the window and one channel block, over
// all pixels of `n` rows: weights += sum x * gradient.
template <class Block, int J>
void weigh_block(const RowPair* rows, int64_t n, int64_t pixels, int64_t step,
                 int64_t features, float* weights, int64_t keep) {
  using V = typename Block::Vector;
  constexpr int N = Block::kVectors;
  // Few sums would wait for themselves, so pixels take turns at several copies.
  constexpr int P = J * N >= 8 ? 1 : J * N >= 4 ? 2 : 4;
  V acc[P][J][N] = {};
  const auto add = [&](const float* x, const float* g, V(&to)[J][N]) SPINE_ALWAYS {
    V own[N];
    SPINE_UNROLL for (int v = 0; v < N; ++v) own[v] = load<V>(g + v * Block::kLanesEach);
    SPINE_UNROLL for (int j = 0; j < J; ++j) {
      SPINE_UNROLL for (int v = 0; v < N; ++v) to[j][v] += x[j] * own[v];
    }
  };
  for (int64_t i = 0; i < n; ++i) {
    const float *x = rows[i].window, *g = rows[i].gradient;
    int64_t pixel = 0;
    for (; pixel + P <= pixels; pixel += P) {
      SPINE_UNROLL for (int p = 0; p < P; ++p) {
        add(x, g, acc[p]);
        x += step;
        g += features;
      }
    }
    for (; pixel < pixels; ++pixel, x += step, g += features) add(x, g, acc[0]);
  }
  SPINE_UNROLL for (int j = 0; j < J; ++j) {
    SPINE_UNROLL for (int v = 0; v < N; ++v) {
      V total = acc[0][j][v];
      SPINE_UNROLL for (int p = 1; p < P; ++p) total += acc[p][j][v];
      float* to = weights + j * features + v * Block::kLanesEach;
      const int64_t kept = std::min<int64_t>(keep - v * Block::kLanesEach,
                                             Block::kLanesEach);
      if (kept == Block::kLanesEach) {
        total += load<V>(to);
        std::memcpy(to, &total, sizeof(V));
      } else {
        for (int64_t lane = 0; lane < kept; ++lane) to[lane] += total[lane];
      }
    }
  }
}

// The same for a single output channel: lanes run along J vectors of the window, of which
// `keep` floats count. Reads J whole vectors.
template <int J>
void weigh_window(const RowPair* rows, int64_t n, int64_t pixels, int64_t step,
                  float* weights, int64_t keep) {
  constexpr int P = J >= 4 ? 2 : 4;
  Wide acc[P][J] = {};
  const auto add = [&](const float* x, float g, Wide(&to)[J]) SPINE_ALWAYS {
    SPINE_UNROLL for (int j = 0; j < J; ++j) to[j] += load<Wide>(x + j * kWideLanes) * g;
  };
  for (int64_t i = 0; i < n; ++i) {
    const float *x = rows[i].window, *g = rows[i].gradient;
    int64_t pixel = 0;
    for (; pixel + P <= pixels; pixel += P) {
      SPINE_UNROLL for (int p = 0; p < P; ++p) {
        add(x, *g++, acc[p]);
        x += step;
      }
    }
    for (; pixel < pixels; ++pixel, x += step) add(x, *g++, acc[0]);
  }
  for (int j = 0; j < J; ++j) {
    for (int p = 1; p < P; ++p) acc[0][j] += acc[p][j];
    for (int lane = 0; lane < kWideLanes && j * kWideLanes + lane < keep; ++lane) {
      weights[j * kWideLanes + lane] += acc[0][j][lane];
    }
  }
}

}  // namespace spine
