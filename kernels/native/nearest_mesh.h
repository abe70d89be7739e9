// Which of many refitted meshes is nearest in signed distance, and which other holds the
// point too. Contract: kernels/nearest_mesh/__init__.py.
#pragma once

#include <array>
#include <utility>

#include "winding.h"

namespace spine {

struct MeshFound {
  int64_t mesh;
  Nearest nearest;
  bool inside;
};

class NearestMesh {
 public:
  NearestMesh(const Forest& forest, float accuracy)
      : forest_(forest), accuracy_(accuracy), boxes_((forest.size() + kLanes - 1) / kLanes) {
    for (int64_t i = 0; i < static_cast<int64_t>(boxes_.size()) * kLanes; ++i) {
      const Summary box = i < forest.size() ? forest.whole(i) : Summary{};
      set_lane(boxes_[i / kLanes].low, i % kLanes, box.low);
      set_lane(boxes_[i / kLanes].high, i % kLanes, box.high);
    }
  }

  std::array<MeshFound, 2> find(const Vector<float>& point) const {
    thread_local std::vector<float> distance2;
    box_distances(point, distance2);
    std::array<MeshFound, 2> found = deepest(point, distance2);
    if (!found[0].inside) found[0] = closest(point, distance2);
    if (!found[1].inside) found[1] = {found[0].mesh, found[0].nearest, false};
    return found;
  }

 private:
  void box_distances(const Vector<float>& point, std::vector<float>& distance2) const {
    distance2.resize(boxes_.size() * kLanes);
    for (size_t group = 0; group < boxes_.size(); ++group) {
      const Lanes lanes = box_distance2(splat(point), boxes_[group]);
      for (int i = 0; i < kLanes; ++i) distance2[group * kLanes + i] = lanes[i];
    }
  }

  // The two meshes that hold the point deepest. A mesh can only hold what its box holds.
  std::array<MeshFound, 2> deepest(const Vector<float>& point,
                                   const std::vector<float>& box_distance2) const {
    std::array<MeshFound, 2> found = {};
    for (int64_t mesh = 0; mesh < forest_.size(); ++mesh) {
      if (box_distance2[mesh] > 0) continue;
      const float winding = find_winding(forest_.topology(), forest_[mesh], point, accuracy_);
      if (!(winding > 0.5f)) continue;  // nor where it overflows to NaN
      MeshFound held = {mesh, nearest_of(mesh, point, kInfinity), true};
      for (MeshFound& slot : found) {
        if (!slot.inside || held.nearest.distance2 > slot.nearest.distance2) {
          std::swap(slot, held);
        }
      }
    }
    return found;
  }

  // The nearest surface of all, asking meshes in the order of their boxes.
  MeshFound closest(const Vector<float>& point, std::vector<float>& box_distance2) const {
    MeshFound best = {0, {kInfinity, -1}, false};
    for (;;) {
      const auto next = std::min_element(box_distance2.begin(), box_distance2.end());
      if (!(*next < best.nearest.distance2)) return best;
      const int64_t mesh = next - box_distance2.begin();
      *next = kInfinity;
      const Nearest nearest = nearest_of(mesh, point, best.nearest.distance2);
      if (nearest.face >= 0) best = {mesh, nearest, false};
    }
  }

  Nearest nearest_of(int64_t mesh, const Vector<float>& point, float bound2) const {
    return find_nearest(forest_.topology(), forest_[mesh], point, bound2);
  }

  const Forest& forest_;
  float accuracy_;
  std::vector<ChildBoxes> boxes_;
};

}  // namespace spine
