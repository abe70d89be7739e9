// The face hierarchy of kernels/hierarchy.py, refitted to the vertices of every mesh.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "parallel.h"
#include "triangle.h"

namespace spine {

// What stays the same for all deformations; arrays as in FaceHierarchy.
struct Topology {
  const int32_t* faces;       // [F, 3]
  const int32_t* leaf_faces;  // [L, kLanes]
  const uint8_t* leaf_valid;  // [L, kLanes]
  int64_t n_leaves;
  int root_fanout;
  int depth;                   // inner levels
  std::vector<int32_t> first;  // first node of each inner level; then their number

  Topology(const int32_t* faces, const int32_t* leaf_faces, const uint8_t* leaf_valid,
           int64_t n_leaves)
      : faces(faces), leaf_faces(leaf_faces), leaf_valid(leaf_valid), n_leaves(n_leaves) {
    // L = root_fanout * 8^(depth - 1), and a tree of more than one level has a root_fanout
    // of at least 2: the leaves tell both.
    int64_t at_level = n_leaves;
    for (depth = 1; at_level > kLanes; ++depth) at_level /= kLanes;
    root_fanout = static_cast<int>(at_level);
    first.push_back(0);
    int32_t size = 1;
    for (int level = 0; level < depth; ++level) {
      first.push_back(first.back() + size);
      size *= level == 0 ? root_fanout : kLanes;
    }
  }

  int32_t nodes_at(int level) const { return first[level + 1] - first[level]; }
  int32_t n_nodes() const { return first[depth]; }

  // Nodes are numbered level by level from the root, and leaves follow the inner nodes.
  // Then children are found without knowing the level: first[l + 1] - 8 first[l] is
  // root_fanout - 7 for every l > 0.
  int32_t first_child(int32_t node) const {
    return node == 0 ? 1 : kLanes * node + root_fanout - (kLanes - 1);
  }
  bool is_leaf(int32_t node) const { return node >= n_nodes(); }
  int32_t leaf(int32_t node) const { return node - n_nodes(); }
};

// Corners of the faces of a leaf; empty slots hold one corner three times.
struct LeafTriangles {
  Vector<Lanes> a, b, c;
};

// Bounding boxes of the children of a node; absent children are infinitely far.
struct ChildBoxes {
  Vector<Lanes> low, high;
};

// Far fields of the children of a node (derivation: kernels/winding_number/tiled.py).
// Only the symmetric part of M enters: s_xy is M_xy + M_yx.
struct ChildMoments {
  Vector<Lanes> centroid, normal;
  Lanes s_xx, s_yy, s_zz, s_xy, s_xz, s_yz;
  Lanes radius2;  // negative for absent children
};

// Box and far field of one node or leaf on the way up; of nothing, to begin with.
struct Summary {
  Vector<float> low = {kInfinity, kInfinity, kInfinity};
  Vector<float> high = {-kInfinity, -kInfinity, -kInfinity};
  Vector<float> centroid = {}, normal = {};
  float s_xx = 0, s_yy = 0, s_zz = 0, s_xy = 0, s_xz = 0, s_yz = 0;
  float area = 0;
};

// One refitted mesh.
struct Tree {
  LeafTriangles* leaves;   // [L]
  ChildBoxes* boxes;       // [inner nodes], level by level from the root
  ChildMoments* moments;   // likewise; null where nobody asks for winding numbers
};

inline Vector<Lanes> splat(const Vector<float>& v) {
  return {splat(v.x), splat(v.y), splat(v.z)};
}

inline void set_lane(Vector<Lanes>& lanes, int i, const Vector<float>& v) {
  lanes.x[i] = v.x;
  lanes.y[i] = v.y;
  lanes.z[i] = v.z;
}

inline Vector<float> at(const float* vertices, int64_t i) {
  return {vertices[3 * i], vertices[3 * i + 1], vertices[3 * i + 2]};
}

inline LeafTriangles gather_leaf(const Topology& topology, const float* vertices,
                                 int64_t leaf) {
  LeafTriangles out;
  for (int slot = 0; slot < kLanes; ++slot) {
    const int64_t entry = leaf * kLanes + slot;
    const int32_t* face = topology.faces + 3 * topology.leaf_faces[entry];
    const bool valid = topology.leaf_valid[entry];
    const Vector<float> a = at(vertices, face[0]);
    set_lane(out.a, slot, a);
    set_lane(out.b, slot, valid ? at(vertices, face[1]) : a);
    set_lane(out.c, slot, valid ? at(vertices, face[2]) : a);
  }
  return out;
}

inline float min3(Lanes a, Lanes b, Lanes c) { return min_lane(min(min(a, b), c)); }
inline float max3(Lanes a, Lanes b, Lanes c) { return max_lane(max(max(a, b), c)); }

// Weighted mean of eight points; their plain mean where all weights are zero.
inline Vector<float> mean(const Vector<Lanes>& points, Lanes weight) {
  const float total = sum(weight);
  if (!(total > 0)) return {sum(points.x) / 8, sum(points.y) / 8, sum(points.z) / 8};
  return {sum(points.x * weight) / total, sum(points.y * weight) / total,
          sum(points.z * weight) / total};
}

inline Summary summarise_leaf(const LeafTriangles& t, bool with_moments) {
  Summary s;
  s.low = {min3(t.a.x, t.b.x, t.c.x), min3(t.a.y, t.b.y, t.c.y), min3(t.a.z, t.b.z, t.c.z)};
  s.high = {max3(t.a.x, t.b.x, t.c.x), max3(t.a.y, t.b.y, t.c.y),
            max3(t.a.z, t.b.z, t.c.z)};
  if (!with_moments) return s;
  Vector<Lanes> n = cross(t.b - t.a, t.c - t.a);
  n = {n.x * 0.5f, n.y * 0.5f, n.z * 0.5f};
  const Lanes area = sqrt(dot(n, n));
  const Vector<Lanes> centre = {(t.a.x + t.b.x + t.c.x) / 3.0f,
                                (t.a.y + t.b.y + t.c.y) / 3.0f,
                                (t.a.z + t.b.z + t.c.z) / 3.0f};
  s.centroid = mean(centre, area);
  s.normal = {sum(n.x), sum(n.y), sum(n.z)};
  const Vector<Lanes> arm = centre - splat(s.centroid);
  s.s_xx = sum(arm.x * n.x);
  s.s_yy = sum(arm.y * n.y);
  s.s_zz = sum(arm.z * n.z);
  s.s_xy = sum(arm.x * n.y + arm.y * n.x);
  s.s_xz = sum(arm.x * n.z + arm.z * n.x);
  s.s_yz = sum(arm.y * n.z + arm.z * n.y);
  s.area = sum(area);
  return s;
}

// Writes eight children into their parent's lanes and returns the parent's own summary.
inline Summary gather_node(const Summary* children, int n_children, ChildBoxes& boxes,
                           ChildMoments* moments) {
  for (int i = 0; i < kLanes; ++i) {
    const Summary child = i < n_children ? children[i] : Summary{};
    set_lane(boxes.low, i, child.low);
    set_lane(boxes.high, i, child.high);
  }
  Summary s;
  s.low = {min_lane(boxes.low.x), min_lane(boxes.low.y), min_lane(boxes.low.z)};
  s.high = {max_lane(boxes.high.x), max_lane(boxes.high.y), max_lane(boxes.high.z)};
  if (!moments) return s;

  ChildMoments& m = *moments;
  Lanes area;
  for (int i = 0; i < kLanes; ++i) {
    const Summary child = i < n_children ? children[i] : Summary{};
    set_lane(m.centroid, i, child.centroid);
    set_lane(m.normal, i, child.normal);
    m.s_xx[i] = child.s_xx;
    m.s_yy[i] = child.s_yy;
    m.s_zz[i] = child.s_zz;
    m.s_xy[i] = child.s_xy;
    m.s_xz[i] = child.s_xz;
    m.s_yz[i] = child.s_yz;
    area[i] = child.area;
  }
  const Vector<Lanes> reach = {
      max(boxes.high.x - m.centroid.x, m.centroid.x - boxes.low.x),
      max(boxes.high.y - m.centroid.y, m.centroid.y - boxes.low.y),
      max(boxes.high.z - m.centroid.z, m.centroid.z - boxes.low.z)};
  m.radius2 = select(boxes.low.x <= boxes.high.x, dot(reach, reach), splat(-1));

  s.centroid = mean(m.centroid, area);
  s.normal = {sum(m.normal.x), sum(m.normal.y), sum(m.normal.z)};
  // Moments about the parent's centroid: M + (c - c_parent) outer N.
  const Vector<Lanes> arm = m.centroid - splat(s.centroid);
  const Vector<Lanes>& n = m.normal;
  s.s_xx = sum(m.s_xx + arm.x * n.x);
  s.s_yy = sum(m.s_yy + arm.y * n.y);
  s.s_zz = sum(m.s_zz + arm.z * n.z);
  s.s_xy = sum(m.s_xy + arm.x * n.y + arm.y * n.x);
  s.s_xz = sum(m.s_xz + arm.x * n.z + arm.z * n.x);
  s.s_yz = sum(m.s_yz + arm.y * n.z + arm.z * n.y);
  s.area = sum(area);
  return s;
}

// All meshes of a call, refitted.
class Forest {
 public:
  Forest(xla::ffi::ThreadPool& pool, const Topology& topology, const float* vertices,
         int64_t n_meshes, int64_t n_vertices, bool with_moments)
      : topology_(topology), trees_(n_meshes), summaries_(n_meshes * bottom()) {
    const int64_t nodes = n_meshes * topology.n_nodes();
    leaves_ = allocate<LeafTriangles>(n_meshes * topology.n_leaves);
    boxes_ = allocate<ChildBoxes>(nodes);
    if (with_moments) moments_ = allocate<ChildMoments>(nodes);
    for (int64_t i = 0; i < n_meshes; ++i) {
      trees_[i] = {leaves_.get() + i * topology.n_leaves,
                   boxes_.get() + i * topology.n_nodes(),
                   with_moments ? moments_.get() + i * topology.n_nodes() : nullptr};
    }
    parallel_for(pool, n_meshes * bottom(), 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t mesh = i / bottom();
        fit_bottom(trees_[mesh], vertices + mesh * 3 * n_vertices, i % bottom(),
                   summaries_[i]);
      }
    });
    parallel_for(pool, n_meshes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t mesh = begin; mesh < end; ++mesh) {
        fit_above(trees_[mesh], summaries_.data() + mesh * bottom());
      }
    });
  }

  const Topology& topology() const { return topology_; }
  const Tree& operator[](int64_t mesh) const { return trees_[mesh]; }
  int64_t size() const { return static_cast<int64_t>(trees_.size()); }
  // Box around a whole mesh.
  const Summary& whole(int64_t mesh) const { return summaries_[mesh * bottom()]; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  template <class T>
  using Array = std::unique_ptr<T[], Free>;

  template <class T>
  static Array<T> allocate(int64_t n) {
    void* memory = std::aligned_alloc(alignof(Lanes), n * sizeof(T));
    if (!memory) throw std::bad_alloc();
    return Array<T>(static_cast<T*>(memory));
  }

  int64_t bottom() const { return topology_.nodes_at(topology_.depth - 1); }
  int fanout(int level) const { return level == 0 ? topology_.root_fanout : kLanes; }

  // A node whose children are leaves.
  void fit_bottom(Tree& tree, const float* vertices, int64_t i, Summary& own) const {
    const int level = topology_.depth - 1;
    Summary children[kLanes];
    for (int j = 0; j < fanout(level); ++j) {
      const int64_t leaf = i * kLanes + j;
      tree.leaves[leaf] = gather_leaf(topology_, vertices, leaf);
      const bool empty = !topology_.leaf_valid[leaf * kLanes];
      children[j] = empty ? Summary{} : summarise_leaf(tree.leaves[leaf], tree.moments);
    }
    own = gather(tree, level, i, children);
  }

  // The nodes above, level by level; summaries of a level overwrite those below.
  void fit_above(Tree& tree, Summary* summaries) const {
    for (int level = topology_.depth - 2; level >= 0; --level) {
      for (int64_t i = 0; i < topology_.nodes_at(level); ++i) {
        summaries[i] = gather(tree, level, i, summaries + i * kLanes);
      }
    }
  }

  Summary gather(Tree& tree, int level, int64_t i, const Summary* children) const {
    const int64_t node = topology_.first[level] + i;
    return gather_node(children, fanout(level), tree.boxes[node],
                       tree.moments ? tree.moments + node : nullptr);
  }

  Topology topology_;
  std::vector<Tree> trees_;
  std::vector<Summary> summaries_;
  Array<LeafTriangles> leaves_;
  Array<ChildBoxes> boxes_;
  Array<ChildMoments> moments_;
};

}  // namespace spine
