// Point-triangle arithmetic: the formulas of kernels/triangles.py, for T = Lanes or double.
#pragma once

#include "lanes.h"

namespace spine {

template <class T>
struct Vector {
  T x, y, z;
};

template <class T>
inline Vector<T> operator-(const Vector<T>& a, const Vector<T>& b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}

template <class T>
inline T dot(const Vector<T>& a, const Vector<T>& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

template <class T>
inline Vector<T> cross(const Vector<T>& a, const Vector<T>& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

template <class T>
struct OnTriangle {
  T distance2;
  T a, b, c;  // barycentric coordinates
};

// Parameter in [0, 1] of the closest point on an edge; 0 on a zero-length edge.
template <class T>
inline T edge_parameter(const Vector<T>& from_start, const Vector<T>& edge) {
  const T one = T{} + 1;
  const T length2 = dot(edge, edge);
  const T t = dot(from_start, edge) / select(length2 > 0, length2, one);
  return max(min(t, one), T{});
}

template <class T>
inline T residual2(const Vector<T>& from_start, const Vector<T>& edge, T t) {
  const Vector<T> r = {from_start.x - t * edge.x, from_start.y - t * edge.y,
                       from_start.z - t * edge.z};
  return dot(r, r);
}

// From the point a + b ab + c ac of the triangle's plane to the point, given from a.
template <class T>
SPINE_INLINE Vector<T> off_plane(const Vector<T>& pa, const Vector<T>& ab,
                                 const Vector<T>& ca, T b, T c) {
  return {pa.x - b * ab.x + c * ca.x, pa.y - b * ab.y + c * ca.y,
          pa.z - b * ab.z + c * ca.z};
}

// Closest point of the triangle (a, b, c) to p: the orthogonal projection where that falls
// inside and is no farther than the edges (on slivers it is rounding noise), else the
// nearest of the three edges' closest points.
template <class T>
SPINE_INLINE OnTriangle<T> closest_on_triangle(const Vector<T>& p, const Vector<T>& a,
                                         const Vector<T>& b, const Vector<T>& c) {
  const T zero{}, one = T{} + 1;
  const Vector<T> ab = b - a, bc = c - b, ca = a - c;
  const Vector<T> pa = p - a, pb = p - b, pc = p - c;
  const Vector<T> normal = cross(ab, c - a);
  const T normal2 = dot(normal, normal);
  const T scale = one / select(normal2 > 0, normal2, one);
  T plane_b = dot(cross(ca, pc), normal) * scale;
  T plane_c = dot(cross(ab, pa), normal) * scale;
  Vector<T> off = off_plane(pa, ab, ca, plane_b, plane_c);
  // Once more for what remains: on thin faces the first solution is rounded.
  plane_b += dot(cross(ca, off), normal) * scale;
  plane_c += dot(cross(ab, off), normal) * scale;
  off = off_plane(pa, ab, ca, plane_b, plane_c);
  const T plane_a = one - plane_b - plane_c;
  const T d_plane = dot(off, off);

  const T t_ab = edge_parameter(pa, ab), t_bc = edge_parameter(pb, bc),
          t_ca = edge_parameter(pc, ca);
  const T d_ab = residual2(pa, ab, t_ab), d_bc = residual2(pb, bc, t_bc),
          d_ca = residual2(pc, ca, t_ca);
  const T d_edge = min(min(d_ab, d_bc), d_ca);

  const auto inside = (plane_a >= 0) & (plane_b >= 0) & (plane_c >= 0) & (normal2 > 0) &
                      (d_plane <= d_edge);
  const auto on_ab = d_ab <= d_edge;
  const auto on_bc = d_bc <= d_edge;
  const T edge_a = select(on_ab, one - t_ab, select(on_bc, zero, t_ca));
  const T edge_b = select(on_ab, t_ab, select(on_bc, one - t_bc, zero));
  const T edge_c = select(on_ab, zero, select(on_bc, t_bc, one - t_ca));
  return {select(inside, d_plane, d_edge), select(inside, plane_a, edge_a),
          select(inside, plane_b, edge_b), select(inside, plane_c, edge_c)};
}

// Signed solid angles over 2 of eight triangles: positive seen from behind, 0 from a point
// on the triangle's plane. Van Oosterom and Strackee's formula; the triple product is taken
// over differences, so that it does not cancel for thin or far triangles.
SPINE_INLINE Lanes half_solid_angle(const Vector<Lanes>& p, const Vector<Lanes>& a,
                              const Vector<Lanes>& b, const Vector<Lanes>& c) {
  const Vector<Lanes> ra = a - p, rb = b - p, rc = c - p;
  const Lanes la = sqrt(dot(ra, ra)), lb = sqrt(dot(rb, rb)), lc = sqrt(dot(rc, rc));
  const Lanes triple = dot(ra, cross(b - a, c - a));
  const Lanes denominator = la * lb * lc + dot(ra, rb) * lc + dot(rb, rc) * la +
                            dot(rc, ra) * lb;
  const Mask in_plane = (triple == 0) & (denominator <= 0);
  return select(in_plane, Lanes{}, atan2(triple, denominator));
}

}  // namespace spine
