// Closest point of one refitted mesh, depth first, nearest box first.
#pragma once

#include "tree.h"

namespace spine {

struct Nearest {
  float distance2;
  int32_t face;  // -1: nothing nearer than asked for
};

// Deeper than any tree of faces indexed by int32, with seven siblings left at each level.
constexpr int kStack = 11 * (kLanes - 1) + 1;

struct Visit {
  float key;  // squared distance of the box
  int32_t level;
  int64_t index;
};

inline Lanes box_distance2(const Vector<Lanes>& p, const ChildBoxes& boxes) {
  const Lanes zero{};
  const Vector<Lanes> out = {max(max(boxes.low.x - p.x, p.x - boxes.high.x), zero),
                             max(max(boxes.low.y - p.y, p.y - boxes.high.y), zero),
                             max(max(boxes.low.z - p.z, p.z - boxes.high.z), zero)};
  return dot(out, out);
}

// The face nearest to p among those nearer than sqrt(bound2).
inline Nearest find_nearest(const Topology& topology, const Tree& tree,
                            const Vector<float>& point, float bound2) {
  const Vector<Lanes> p = splat(point);
  Nearest nearest = {bound2, -1};
  Visit stack[kStack];
  int top = 0;
  stack[top++] = {0, 0, 0};
  while (top > 0) {
    const Visit visit = stack[--top];
    if (visit.key >= nearest.distance2) continue;
    if (visit.level == topology.depth) {
      const LeafTriangles& t = tree.leaves[visit.index];
      const Lanes distance2 = closest_on_triangle(p, t.a, t.b, t.c).distance2;
      const float low = min_lane(distance2);
      if (low < nearest.distance2) {
        int slot = 0;
        while (distance2[slot] != low) ++slot;
        nearest = {low, topology.leaf_faces[visit.index * kLanes + slot]};
      }
      continue;
    }
    const int64_t node = topology.first[visit.level] + visit.index;
    const Lanes distance2 = box_distance2(p, tree.boxes[node]);
    // Push the children worth visiting, nearest on top.
    const int bottom = top;
    for (uint32_t near = bits(distance2 < nearest.distance2); near; near &= near - 1) {
      const int i = __builtin_ctz(near);
      const float key = distance2[i];
      int slot = top++;
      for (; slot > bottom && stack[slot - 1].key < key; --slot) {
        stack[slot] = stack[slot - 1];
      }
      stack[slot] = {key, visit.level + 1, visit.index * kLanes + i};
    }
  }
  return nearest;
}

// The closest point on a face, in double: exact to the last float.
inline OnTriangle<double> closest_on_face(const Topology& topology, const float* vertices,
                                          int32_t face, const Vector<float>& point) {
  const auto widen = [](const Vector<float>& v) {
    return Vector<double>{v.x, v.y, v.z};
  };
  const int32_t* corner = topology.faces + 3 * face;
  return closest_on_triangle(widen(point), widen(at(vertices, corner[0])),
                             widen(at(vertices, corner[1])),
                             widen(at(vertices, corner[2])));
}

}  // namespace spine
