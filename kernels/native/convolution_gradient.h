// The two gradients of a convolution.
#pragma once

#include "convolution.h"

namespace spine {

// Inputs i with (i + pad) % stride == phase get something from the taps phase, phase +
// stride, .. alone: for these inputs the gradient is a convolution of stride 1 of g.
inline Axis transposed(const Axis& axis, int64_t phase) {
  const int64_t taps = std::max<int64_t>(axis.taps - phase + axis.stride - 1, 0) / axis.stride;
  const int64_t first = ((phase - axis.pad) % axis.stride + axis.stride) % axis.stride;
  // Tap `phase` of input `first` lies on this output.
  const int64_t last = (first + axis.pad - phase) / axis.stride;
  Axis back;
  back.in = axis.out;
  back.out = std::max<int64_t>(axis.in - first + axis.stride - 1, 0) / axis.stride;
  back.taps = taps;
  back.stride = 1;
  back.pad = taps - 1 - last;
  back.first_tap = phase + axis.stride * (taps - 1);
  back.tap_step = -axis.stride;
  back.first_out = first;
  back.out_step = axis.stride;
  return back;
}

// Gradient in the input of the convolution that `w` describes, given g in its output.
inline void input_gradient(xla::ffi::ThreadPool& pool, const Window& w, const float* g,
                           const float* kernel, int64_t features, float* dx) {
  const Kernel back = {kernel, w.row.taps, w.column.taps, w.channels * features,
                       1,      features,   w.channels};
  const Result result = {dx, w.slice.in, w.row.in, w.column.in, w.channels};
  for (int64_t s = 0; s < w.slice.stride; ++s) {
    for (int64_t r = 0; r < w.row.stride; ++r) {
      for (int64_t c = 0; c < w.column.stride; ++c) {
        const Window phase = {w.batch, features, transposed(w.slice, s),
                              transposed(w.row, r), transposed(w.column, c)};
        convolve(pool, phase, g, back, result);
      }
    }
  }
}

// The gradient in the weights over a range of pieces. Sums are taken in an order that the
// sizes alone decide, whichever thread takes which range.
class KernelGradient {
 public:
  KernelGradient(const Window& w, const float* x, const float* g, int64_t features)
      : w_(w), x_(x), g_(g), features_(features), pieces_(w) {}

  void run(xla::ffi::ThreadPool& pool, float* dw) const {
    const int64_t taps = w_.taps_across(), size = taps * tap_size();
    if (size == 0) return;
    const int64_t affordable = std::max<int64_t>(kPartialSums / size, 1);
    const int64_t ranges = std::max<int64_t>(
        std::min({affordable, pieces_.size(), Pieces::kEnough}), 1);
    const int64_t parts = ranges >= Pieces::kEnough / 2 ? 1 : taps;
    // The first range sums into the result itself.
    const std::unique_ptr<float[]> partial(new float[(ranges - 1) * size]);
    const auto sums = [&](int64_t range) {
      return range == 0 ? dw : partial.get() + (range - 1) * size;
    };
    parallel_for(pool, ranges * parts, 1, [&](int64_t i, int64_t) {
      const int64_t range = i / parts, part = i % parts;
      add_range(range * pieces_.size() / ranges, (range + 1) * pieces_.size() / ranges,
                part * taps / parts, (part + 1) * taps / parts, sums(range));
    });
    parallel_for(pool, size, 4096, [&](int64_t begin, int64_t end) {
      for (int64_t range = 1; range < ranges; ++range) {
        const float* own = sums(range);
        for (int64_t i = begin; i < end; ++i) dw[i] += own[i];
      }
    });
  }

 private:
  static constexpr int64_t kPartialSums = 1 << 21;  // floats of all ranges together
  static constexpr int64_t kPixels = 384;           // whose gradients stay in the first cache
  static constexpr int64_t kWindowVectors = 4;

  int64_t tap_size() const { return w_.length() * features_; }

  // Taps [tap_begin, tap_end) of the pieces [begin, end), overwriting `sums`.
  void add_range(int64_t begin, int64_t end, int64_t tap_begin, int64_t tap_end,
                 float* sums) const {
    std::fill(sums + tap_begin * tap_size(), sums + tap_end * tap_size(), 0.0f);
    for (int64_t i = begin; i < end; ++i) {
      const Piece piece = pieces_[i];
      const SeenRows rows(w_, x_, piece, features_ == 1 ? kWindowVectors * kWideLanes : 0);
      const float* gradients = gradient_of(piece);
      for (int64_t tap = tap_begin; tap < tap_end; ++tap) {
        add_tap(rows, gradients, piece, tap, sums + tap * tap_size());
      }
    }
  }

  // The gradient from the first slice of a piece on, where whole vectors can be read.
  const float* gradient_of(const Piece& piece) const {
    const int64_t slice = w_.row.out * w_.column.out * features_;
    const float* rows = g_ + (piece.image * w_.slice.out + piece.slice_begin) * slice;
    if (features_ == 1 || features_ % kLanes == 0) return rows;
    const int64_t n = (piece.slice_end - piece.slice_begin) * slice;
    float* copy = scratch<1>(n + 2 * kWideLanes);
    std::copy_n(rows, n, copy);
    return copy;
  }

  void add_tap(const SeenRows& rows, const float* gradients, const Piece& piece,
               int64_t tap, float* sums) const {
    thread_local std::vector<RowPair> pairs;
    pairs.clear();
    for (int64_t slice = piece.slice_begin; slice < piece.slice_end; ++slice) {
      for (int64_t row = piece.row_begin; row < piece.row_end; ++row) {
        const float* seen = rows.at(slice, row, tap / w_.row.taps, tap % w_.row.taps);
        const int64_t before = (slice - piece.slice_begin) * w_.row.out + row;
        const int64_t own = before * w_.column.out * features_;
        if (seen) pairs.push_back({seen, gradients + own});
      }
    }
    const int64_t n = pairs.size();
    const int64_t run = std::max<int64_t>(kPixels / std::max<int64_t>(w_.column.out, 1), 1);
    for (int64_t i = 0; i < n; i += run) {
      add_rows(pairs.data() + i, std::min(run, n - i), sums);
    }
  }

  void add_rows(const RowPair* rows, int64_t n, float* sums) const {
    const int64_t step = w_.column.stride * w_.channels, pixels = w_.column.out;
    if (features_ == 1) return add_windows(rows, n, sums);
    for (int64_t f = 0; f < features_;) {
      const ChannelBlock block = block_at(f, features_);
      with_channels(block.width, [&](auto channels) {
        using Block = decltype(channels);
        for_each_block<Block::kMost>(w_.length(), [&](int64_t j, auto size) {
          const std::vector<RowPair>& own = shifted(rows, n, j, f);
          weigh_block<Block, size>(own.data(), n, pixels, step, features_,
                                   sums + j * features_ + f, block.keep);
        });
      });
      f += block.width;
    }
  }

  void add_windows(const RowPair* rows, int64_t n, float* sums) const {
    const int64_t step = w_.column.stride * w_.channels, pixels = w_.column.out;
    const int64_t vectors = (w_.length() + kWideLanes - 1) / kWideLanes;
    for_each_block<kWindowVectors>(vectors, [&](int64_t v, auto size) {
      const int64_t j = v * kWideLanes;
      weigh_window<size>(shifted(rows, n, j, 0).data(), n, pixels, step, sums + j,
                         w_.length() - j);
    });
  }

  static const std::vector<RowPair>& shifted(const RowPair* rows, int64_t n, int64_t window,
                                             int64_t gradient) {
    thread_local std::vector<RowPair> own;
    own.clear();
    for (int64_t i = 0; i < n; ++i) {
      own.push_back({rows[i].window + window, rows[i].gradient + gradient});
    }
    return own;
  }

  Window w_;
  const float *x_, *g_;
  int64_t features_;
  Pieces pieces_;
};

}  // namespace spine
