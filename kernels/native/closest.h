// Closest point of one refitted mesh, depth first, nearest box first.
#pragma once

#include <cstring>

#include "tree.h"

namespace spine {

struct Nearest {
  float distance2;
  int32_t face;  // -1: nothing nearer than asked for
};

// Deeper than any tree of faces indexed by int32, with seven siblings left at each level.
constexpr int kStack = 11 * (kLanes - 1) + 1;

// A node still to be visited, with the key of its box; see `keys_of`.
struct Visit {
  int32_t key;
  int32_t node;
};

inline Lanes box_distance2(const Vector<Lanes>& p, const ChildBoxes& boxes) {
  const Lanes zero{};
  const Vector<Lanes> out = {max(max(boxes.low.x - p.x, p.x - boxes.high.x), zero),
                             max(max(boxes.low.y - p.y, p.y - boxes.high.y), zero),
                             max(max(boxes.low.z - p.z, p.z - boxes.high.z), zero)};
  return dot(out, out);
}

// The bits of a float that is not negative, as an integer, order as the float does. The
// last three are replaced by the lane, so that no two keys are equal; without them a key is
// a lower bound.
constexpr int32_t kKeyBits = ~7;

inline Mask keys_of(Lanes distance2) {
  Mask bits_of;
  std::memcpy(&bits_of, &distance2, sizeof(Mask));
  return (bits_of & kKeyBits) | kLane;
}

inline int32_t key_of(float distance2) {
  int32_t bits_of;
  std::memcpy(&bits_of, &distance2, sizeof(float));
  return bits_of;
}

// Pushes the children of a node that are nearer than sqrt(bound2), the nearest on top.
// Each finds its place by counting how many are nearer: unlike a sort, without branches
// that nobody can predict.
inline int push_children(Lanes distance2, float bound2, int32_t first_child, Visit* stack,
                         int top) {
  const Mask is_near = distance2 < bound2;
  uint32_t near = bits(is_near);
  if (!near) return top;
  const Mask keys = is_near ? keys_of(distance2) : Mask{} + INT32_MAX;
  Mask nearer{};
  for (int i = 0; i < kLanes; ++i) nearer -= Mask{} + keys[i] < keys;
  top += __builtin_popcount(near);
  for (; near; near &= near - 1) {
    const int i = __builtin_ctz(near);
    stack[top - 1 - nearer[i]] = {keys[i], first_child + i};
  }
  return top;
}

// The face nearest to p among those nearer than sqrt(bound2).
inline Nearest find_nearest(const Topology& topology, const Tree& tree,
                            const Vector<float>& point, float bound2) {
  const Vector<Lanes> p = splat(point);
  Nearest nearest = {bound2, -1};
  Visit stack[kStack];
  int top = 0;
  stack[top++] = {0, 0};
  while (top > 0) {
    const Visit visit = stack[--top];
    if ((visit.key & kKeyBits) >= key_of(nearest.distance2)) continue;
    if (topology.is_leaf(visit.node)) {
      const int32_t leaf = topology.leaf(visit.node);
      const LeafTriangles& t = tree.leaves[leaf];
      const Lanes distance2 = closest_on_triangle(p, t.a, t.b, t.c).distance2;
      const float low = min_lane(distance2);
      if (low < nearest.distance2) {
        const int slot = __builtin_ctz(bits(distance2 == low));
        nearest = {low, topology.leaf_faces[leaf * kLanes + slot]};
      }
    } else {
      const Lanes distance2 = box_distance2(p, tree.boxes[visit.node]);
      top = push_children(distance2, nearest.distance2, topology.first_child(visit.node),
                          stack, top);
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
