// An order of the queries in which neighbours follow each other: they visit the same nodes,
// which are then still in the cache. It changes the speed, never an answer.
#pragma once

#include <utility>

#include "tree.h"

namespace spine {

// Spreads 8 bits to every third position.
inline uint32_t spread(uint32_t x) {
  x = (x | x << 8) & 0x0000f00f;
  x = (x | x << 4) & 0x000c30c3;
  return (x | x << 2) & 0x00249249;
}

// Permutation of n points along a Morton curve on a grid of 256^3 cells.
inline std::vector<int32_t> spatial_order(const float* points, int64_t n) {
  constexpr float kCells = 256;
  constexpr int kDigitBits = 12, kDigits = 1 << kDigitBits;
  Summary box;
  float* const low[] = {&box.low.x, &box.low.y, &box.low.z};
  float* const high[] = {&box.high.x, &box.high.y, &box.high.z};
  for (int64_t i = 0; i < n; ++i) {
    for (int axis = 0; axis < 3; ++axis) {
      const float x = points[3 * i + axis];
      *low[axis] = std::min(*low[axis], x);
      *high[axis] = std::max(*high[axis], x);
    }
  }
  const float extent = std::max({*high[0] - *low[0], *high[1] - *low[1],
                                 *high[2] - *low[2]});
  const float scale = extent > 0 ? kCells / extent : 0;

  using Entry = std::pair<uint32_t, int32_t>;  // code, point
  std::vector<Entry> entries(n), sorted(n);
  for (int64_t i = 0; i < n; ++i) {
    uint32_t code = 0;
    for (int axis = 0; axis < 3; ++axis) {
      const float cell = (points[3 * i + axis] - *low[axis]) * scale;
      // Written so that NaN, from an extent that overflows, becomes 0.
      code |= spread(cell > 0 ? static_cast<uint32_t>(std::min(cell, kCells - 1)) : 0)
              << axis;
    }
    entries[i] = {code, static_cast<int32_t>(i)};
  }
  for (int shift = 0; shift < 2 * kDigitBits; shift += kDigitBits) {
    std::vector<int64_t> start(kDigits + 1);
    for (const Entry& entry : entries) ++start[(entry.first >> shift) % kDigits + 1];
    for (int digit = 0; digit < kDigits; ++digit) start[digit + 1] += start[digit];
    for (const Entry& entry : entries) {
      sorted[start[(entry.first >> shift) % kDigits]++] = entry;
    }
    entries.swap(sorted);
  }
  std::vector<int32_t> order(n);
  for (int64_t i = 0; i < n; ++i) order[i] = entries[i].second;
  return order;
}

}  // namespace spine
