// The native kernels as XLA FFI handlers: arrays in, arrays out. Contracts are those of the
// Python functions that call them (kernels/*/native.py).

#include "convolution_gradient.h"
#include "nearest_mesh.h"
#include "order.h"
#include "xla/ffi/api/ffi.h"

namespace spine {
namespace {

namespace ffi = xla::ffi;

using Floats = ffi::Buffer<ffi::F32>;
using Ints = ffi::Buffer<ffi::S32>;
using Bools = ffi::Buffer<ffi::PRED>;

constexpr int64_t kGrain = 64;  // queries per piece of work

// The deforming meshes of a call: vertices [B, V, 3] and the arrays of a FaceHierarchy.
struct Meshes {
  Floats vertices;
  Ints faces, leaf_faces;
  Bools leaf_valid;

  const float* vertices_of(int64_t mesh) const {
    return vertices.typed_data() + mesh * 3 * vertices.dimensions()[1];
  }

  // Whether any index is negative or at least `size`.
  static bool beyond(const Ints& indices, int64_t size) {
    bool found = false;
    for (size_t i = 0; i < indices.element_count(); ++i) {
      found |= static_cast<uint32_t>(indices.typed_data()[i]) >= static_cast<uint32_t>(size);
    }
    return found;
  }

  // What must not be read: a mesh where there is none, a vertex that a mesh does not have.
  ffi::Error check() const {
    if (vertices.dimensions()[0] == 0) return ffi::Error::InvalidArgument("no mesh");
    if (beyond(faces, vertices.dimensions()[1])) {
      return ffi::Error::InvalidArgument("a face names a vertex that the mesh lacks");
    }
    if (beyond(leaf_faces, faces.dimensions()[0])) {
      return ffi::Error::InvalidArgument("a leaf names a face that the mesh lacks");
    }
    return ffi::Error::Success();
  }

  Forest refit(ffi::ThreadPool& pool, bool with_moments) const {
    const Topology topology(faces.typed_data(), leaf_faces.typed_data(),
                            reinterpret_cast<const uint8_t*>(leaf_valid.untyped_data()),
                            leaf_faces.dimensions()[0]);
    return Forest(pool, topology, vertices.typed_data(), vertices.dimensions()[0],
                  vertices.dimensions()[1], with_moments);
  }
};

// XLA clamps an index that is out of range; so do we, rather than read beyond an array.
int64_t clamped(int32_t index, int64_t size) {
  return std::min<int64_t>(std::max(index, 0), size - 1);
}

// How many of n queries are asked.
int64_t asked_of(int64_t n, const Ints& count) { return clamped(count.typed_data()[0], n + 1); }

// Calls answer(q) for the first n queries, on all threads, neighbours one after another.
template <class Answer>
void for_each_query(ffi::ThreadPool& pool, const Floats& points, int64_t n,
                    const Answer& answer) {
  const std::vector<int32_t> order = spatial_order(points.typed_data(), n);
  parallel_for(pool, n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) answer(order[i]);
  });
}

// Writes a face and the barycentric coordinates of its closest point.
void write_closest(const Meshes& meshes, const Topology& topology, int64_t mesh,
                   int32_t face, const Vector<float>& point, int32_t* face_out,
                   float* barycentric_out) {
  // No face is found where squared distances overflow; any face is as good then.
  *face_out = std::max(face, 0);
  const OnTriangle<double> on =
      closest_on_face(topology, meshes.vertices_of(mesh), *face_out, point);
  barycentric_out[0] = static_cast<float>(on.a);
  barycentric_out[1] = static_cast<float>(on.b);
  barycentric_out[2] = static_cast<float>(on.c);
}

ffi::Error closest_point(ffi::ThreadPool pool, Floats points, Ints mesh_index, Ints count,
                         Floats vertices, Ints faces, Ints leaf_faces, Bools leaf_valid,
                         ffi::Result<Ints> face, ffi::Result<Floats> barycentric) {
  const Meshes meshes = {vertices, faces, leaf_faces, leaf_valid};
  if (ffi::Error error = meshes.check(); error.failure()) return error;
  const Forest forest = meshes.refit(pool, false);
  const int64_t n = points.dimensions()[0];
  const int64_t asked = asked_of(n, count);
  for_each_query(pool, points, asked, [&](int64_t q) {
    const Vector<float> point = at(points.typed_data(), q);
    const int64_t mesh = clamped(mesh_index.typed_data()[q], forest.size());
    const Nearest nearest = find_nearest(forest.topology(), forest[mesh], point, kInfinity);
    write_closest(meshes, forest.topology(), mesh, nearest.face, point,
                  face->typed_data() + q, barycentric->typed_data() + 3 * q);
  });
  std::fill(face->typed_data() + asked, face->typed_data() + n, 0);
  std::fill(barycentric->typed_data() + 3 * asked, barycentric->typed_data() + 3 * n, 0);
  return ffi::Error::Success();
}

ffi::Error winding_number(ffi::ThreadPool pool, Floats points, Ints mesh_index, Ints count,
                          Floats accuracy, Floats vertices, Ints faces, Ints leaf_faces,
                          Bools leaf_valid, ffi::Result<Floats> winding) {
  const Meshes meshes = {vertices, faces, leaf_faces, leaf_valid};
  if (ffi::Error error = meshes.check(); error.failure()) return error;
  const Forest forest = meshes.refit(pool, true);
  const int64_t n = points.dimensions()[0];
  const int64_t asked = asked_of(n, count);
  for_each_query(pool, points, asked, [&](int64_t q) {
    const int64_t mesh = clamped(mesh_index.typed_data()[q], forest.size());
    winding->typed_data()[q] =
        find_winding(forest.topology(), forest[mesh], at(points.typed_data(), q),
                     accuracy.typed_data()[0]);
  });
  std::fill(winding->typed_data() + asked, winding->typed_data() + n, 0);
  return ffi::Error::Success();
}

ffi::Error nearest_mesh(ffi::ThreadPool pool, Floats points, Floats accuracy,
                        Floats vertices, Ints faces, Ints leaf_faces, Bools leaf_valid,
                        ffi::Result<Ints> mesh, ffi::Result<Ints> face,
                        ffi::Result<Floats> barycentric, ffi::Result<Bools> inside) {
  const Meshes meshes = {vertices, faces, leaf_faces, leaf_valid};
  if (ffi::Error error = meshes.check(); error.failure()) return error;
  const Forest forest = meshes.refit(pool, true);
  const NearestMesh nearest_mesh(forest, accuracy.typed_data()[0]);
  auto* inside_out = static_cast<uint8_t*>(inside->untyped_data());
  for_each_query(pool, points, points.dimensions()[0], [&](int64_t q) {
    const Vector<float> point = at(points.typed_data(), q);
    const std::array<MeshFound, 2> found = nearest_mesh.find(point);
    for (int64_t slot = 0; slot < 2; ++slot) {
      const int64_t out = 2 * q + slot;
      mesh->typed_data()[out] = static_cast<int32_t>(found[slot].mesh);
      inside_out[out] = found[slot].inside;
      if (slot == 0 || found[slot].inside) {
        write_closest(meshes, forest.topology(), found[slot].mesh,
                      found[slot].nearest.face, point, face->typed_data() + out,
                      barycentric->typed_data() + 3 * out);
      } else {
        face->typed_data()[out] = face->typed_data()[out - 1];
        std::copy_n(barycentric->typed_data() + 3 * (out - 1), 3,
                    barycentric->typed_data() + 3 * out);
      }
    }
  });
  return ffi::Error::Success();
}

// The window of a convolution from x [B, *S, C] and kernel [.., C, F] to y [B, *O, F]. Its
// batch is negative where the three do not fit together.
Window window_of(const Floats& x, const Floats& kernel, const Floats& y, int64_t stride,
                 int64_t pad) {
  const auto in = x.dimensions(), taps = kernel.dimensions(), out = y.dimensions();
  const size_t rank = in.size();
  const bool fits = (rank == 4 || rank == 5) && taps.size() == rank && out.size() == rank &&
                    in[0] == out[0] && in[rank - 1] == taps[rank - 2] &&
                    taps[rank - 1] == out[rank - 1] && in[rank - 1] > 0 &&
                    out[rank - 1] > 0 && stride > 0;
  if (!fits) return {-1, 0, {}, {}, {}};
  const auto axis = [&](size_t i) {
    return Axis{in[1 + i], out[1 + i], taps[i], stride, pad};
  };
  const Axis slice = rank == 5 ? axis(0) : Axis{1, 1, 1, 1, 0};
  return {in[0], in[rank - 1], slice, axis(rank - 4), axis(rank - 3)};
}

ffi::Error misfit() {
  return ffi::Error::InvalidArgument("input, kernel and output do not fit together");
}

ffi::Error convolution(ffi::ThreadPool pool, int64_t stride, int64_t pad, Floats x,
                       Floats kernel, ffi::Result<Floats> y) {
  const Window w = window_of(x, kernel, *y, stride, pad);
  if (w.batch < 0) return misfit();
  const int64_t features = y->dimensions().back();
  const Kernel weights = {kernel.typed_data(), w.row.taps,  w.column.taps,
                          w.channels * features, features, 1, features};
  const Result result = {y->typed_data(), w.slice.out, w.row.out, w.column.out, features};
  convolve(pool, w, x.typed_data(), weights, result);
  return ffi::Error::Success();
}

ffi::Error convolution_input_gradient(ffi::ThreadPool pool, int64_t stride, int64_t pad,
                                      Floats g, Floats kernel, ffi::Result<Floats> dx) {
  const Window w = window_of(*dx, kernel, g, stride, pad);
  if (w.batch < 0) return misfit();
  input_gradient(pool, w, g.typed_data(), kernel.typed_data(), g.dimensions().back(),
                 dx->typed_data());
  return ffi::Error::Success();
}

ffi::Error convolution_kernel_gradient(ffi::ThreadPool pool, int64_t stride, int64_t pad,
                                       Floats x, Floats g, ffi::Result<Floats> dw) {
  const Window w = window_of(x, *dw, g, stride, pad);
  if (w.batch < 0) return misfit();
  KernelGradient(w, x.typed_data(), g.typed_data(), g.dimensions().back())
      .run(pool, dw->typed_data());
  return ffi::Error::Success();
}

}  // namespace
}  // namespace spine

// Every search takes its queries, then the arrays of Meshes.
#define SPINE_QUERIES xla::ffi::Ffi::Bind().Ctx<xla::ffi::ThreadPool>()
#define SPINE_MESHES \
  Arg<spine::Floats>().Arg<spine::Ints>().Arg<spine::Ints>().Arg<spine::Bools>()

XLA_FFI_DEFINE_HANDLER_SYMBOL(spine_jax_closest_point, spine::closest_point,
                              SPINE_QUERIES.Arg<spine::Floats>()
                                  .Arg<spine::Ints>()
                                  .Arg<spine::Ints>()
                                  .SPINE_MESHES.Ret<spine::Ints>()
                                  .Ret<spine::Floats>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(spine_jax_winding_number, spine::winding_number,
                              SPINE_QUERIES.Arg<spine::Floats>()
                                  .Arg<spine::Ints>()
                                  .Arg<spine::Ints>()
                                  .Arg<spine::Floats>()
                                  .SPINE_MESHES.Ret<spine::Floats>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(spine_jax_nearest_mesh, spine::nearest_mesh,
                              SPINE_QUERIES.Arg<spine::Floats>()
                                  .Arg<spine::Floats>()
                                  .SPINE_MESHES.Ret<spine::Ints>()
                                  .Ret<spine::Ints>()
                                  .Ret<spine::Floats>()
                                  .Ret<spine::Bools>());

#define SPINE_CONVOLUTION                 \
  xla::ffi::Ffi::Bind()                   \
      .Ctx<xla::ffi::ThreadPool>()        \
      .Attr<int64_t>("stride")            \
      .Attr<int64_t>("pad")               \
      .Arg<spine::Floats>()               \
      .Arg<spine::Floats>()               \
      .Ret<spine::Floats>()

XLA_FFI_DEFINE_HANDLER_SYMBOL(spine_jax_convolution, spine::convolution, SPINE_CONVOLUTION);

XLA_FFI_DEFINE_HANDLER_SYMBOL(spine_jax_convolution_input_gradient,
                              spine::convolution_input_gradient, SPINE_CONVOLUTION);

XLA_FFI_DEFINE_HANDLER_SYMBOL(spine_jax_convolution_kernel_gradient,
                              spine::convolution_kernel_gradient, SPINE_CONVOLUTION);
