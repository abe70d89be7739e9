// Winding number of one refitted mesh by Barnes-Hut; derivation and error bounds stand in
// kernels/winding_number/tiled.py, which evaluates the same sums.
#pragma once

#include "closest.h"

namespace spine {

// Squared distance below which 1 / r^3 may overflow: such nodes are opened.
constexpr float kNoFarField = 1e-24f;

inline float find_winding(const Topology& topology, const Tree& tree,
                          const Vector<float>& point, float accuracy) {
  constexpr float kPi = 3.14159265f;
  const float accuracy2 = accuracy * accuracy;
  const Vector<Lanes> p = splat(point);
  Lanes far_sum{}, near_sum{};  // over 1 / 4 pi and 1 / 2 pi
  int32_t stack[kStack];
  int top = 0;
  stack[top++] = 0;
  while (top > 0) {
    const int32_t node = stack[--top];
    if (topology.is_leaf(node)) {
      const LeafTriangles& t = tree.leaves[topology.leaf(node)];
      near_sum += half_solid_angle(p, t.a, t.b, t.c);
      continue;
    }
    const ChildMoments& m = tree.moments[node];
    const Vector<Lanes> r = m.centroid - p;
    const Lanes r2 = dot(r, r);
    const Mask present = m.radius2 >= 0;
    const Mask far = r2 > max(accuracy2 * m.radius2, splat(kNoFarField));
    const Lanes inverse2 = 1.0f / select(far, r2, splat(1));
    const Lanes inverse3 = inverse2 * sqrt(inverse2);
    const Lanes quadratic =
        r.x * inverse2 * (r.x * m.s_xx + r.y * m.s_xy + r.z * m.s_xz) +
        r.y * inverse2 * (r.y * m.s_yy + r.z * m.s_yz) + r.z * inverse2 * r.z * m.s_zz;
    const Lanes field = inverse3 * (dot(m.normal, r) + (m.s_xx + m.s_yy + m.s_zz) -
                                    3.0f * quadratic);
    far_sum += select(far & present, field, Lanes{});
    const int32_t first_child = topology.first_child(node);
    for (uint32_t near = bits(~far & present); near; near &= near - 1) {
      stack[top++] = first_child + __builtin_ctz(near);
    }
  }
  return sum(far_sum) / (4 * kPi) + sum(near_sum) / (2 * kPi);
}

}  // namespace spine
