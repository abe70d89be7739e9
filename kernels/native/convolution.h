// Convolution of channels-last images, 2D as 3D of one plane. No padded copy of an image is
// made: a piece of work copies the few rows that it sees, zeros around them, and keeps them
// in the cache.
#pragma once

#include <memory>
#include <vector>

#include "convolution_blocks.h"
#include "parallel.h"

namespace spine {

// Output o sees the inputs o * stride - pad + [0, taps), of which those beyond [0, in) are
// zero. Tap m is number first_tap + m * tap_step of the kernel, and output o is number
// first_out + o * out_step of the result: the gradient takes every other one.
struct Axis {
  int64_t in, out, taps, stride, pad;
  int64_t first_tap = 0, tap_step = 1, first_out = 0, out_step = 1;

  // Inputs that n neighbouring outputs see.
  int64_t seen_by(int64_t n) const { return (n - 1) * stride + taps; }
};

// Which pixels meet: slices, rows and columns of `batch` images.
struct Window {
  int64_t batch, channels;
  Axis slice, row, column;

  // Floats of an input row that one output pixel sees.
  int64_t length() const { return column.taps * channels; }
  int64_t taps_across() const { return slice.taps * row.taps; }
};

// Consecutive output rows of one image.
struct Piece {
  int64_t image, slice_begin, slice_end, row_begin, row_end;
};

// The output of a window in pieces, whose size depends on nothing but the window.
class Pieces {
 public:
  explicit Pieces(const Window& window)
      : window_(window),
        slices_(std::max<int64_t>(std::min<int64_t>(window.slice.out, 4), 1)),
        rows_(std::max<int64_t>(std::min<int64_t>(window.row.out, 8), 1)) {
    while (seen() > kCached && slices_ * rows_ > 1) halve(1);
    while (size() < kEnough && slices_ * rows_ > kFewRows) halve(kFewRows);
  }

  int64_t size() const { return window_.batch * blocks(slices_, window_.slice) * across(); }

  Piece operator[](int64_t i) const {
    const int64_t down = blocks(slices_, window_.slice);
    const int64_t slice = i / across() % down * slices_, row = i % across() * rows_;
    return {i / across() / down, slice, std::min(slice + slices_, window_.slice.out), row,
            std::min(row + rows_, window_.row.out)};
  }

  // Floats that a piece sees.
  int64_t seen() const {
    return window_.slice.seen_by(slices_) * window_.row.seen_by(rows_) *
           window_.column.seen_by(window_.column.out) * window_.channels;
  }

  static constexpr int64_t kEnough = 32;  // pieces to keep all cores busy

 private:
  static constexpr int64_t kCached = 65536, kFewRows = 4;

  static int64_t blocks(int64_t size, const Axis& axis) {
    return (axis.out + size - 1) / size;
  }
  int64_t across() const { return blocks(rows_, window_.row); }

  void halve(int64_t least_rows) {
    int64_t& longer = slices_ > 1 || rows_ <= least_rows ? slices_ : rows_;
    longer = (longer + 1) / 2;
  }

  Window window_;
  int64_t slices_, rows_;
};

// Memory of a thread that its next piece uses again.
template <int slot>
inline float* scratch(size_t floats) {
  thread_local std::vector<float> memory;
  if (memory.size() < floats) memory.resize(floats);
  return memory.data();
}

// The input rows that a piece sees, each from the first float of its first window on.
class SeenRows {
 public:
  // With `beyond`, that many more floats than the last window may be read.
  SeenRows(const Window& window, const float* x, const Piece& piece, int64_t beyond = 0)
      : window_(window), piece_(piece), x_(x) {
    const Axis& c = window.column;
    seen_columns_ = c.seen_by(c.out);
    copied_ = beyond > 0 || c.pad > 0 || seen_columns_ - c.pad > c.in;
    if (copied_) copy(beyond);
  }

  // What output row (slice, row) sees through a tap; null where that is all zeros.
  const float* at(int64_t slice, int64_t row, int64_t slice_tap, int64_t row_tap) const {
    const Axis &s = window_.slice, &r = window_.row;
    const int64_t in_slice = slice * s.stride - s.pad + slice_tap;
    const int64_t in_row = row * r.stride - r.pad + row_tap;
    if (in_slice < 0 || in_slice >= s.in || in_row < 0 || in_row >= r.in) return nullptr;
    if (!copied_) return source(in_slice, in_row) - window_.column.pad * window_.channels;
    return copy_of(in_slice, in_row);
  }

 private:
  const float* source(int64_t in_slice, int64_t in_row) const {
    const int64_t row = (piece_.image * window_.slice.in + in_slice) * window_.row.in + in_row;
    return x_ + row * window_.column.in * window_.channels;
  }

  int64_t first_slice() const {
    return piece_.slice_begin * window_.slice.stride - window_.slice.pad;
  }
  int64_t first_row() const {
    return piece_.row_begin * window_.row.stride - window_.row.pad;
  }

  float* copy_of(int64_t in_slice, int64_t in_row) const {
    const int64_t row = (in_slice - first_slice()) * seen_rows_ + in_row - first_row();
    return copy_ + row * seen_columns_ * window_.channels;
  }

  void copy(int64_t beyond) {
    const Axis &s = window_.slice, &r = window_.row, &c = window_.column;
    const int64_t slices = s.seen_by(piece_.slice_end - piece_.slice_begin);
    seen_rows_ = r.seen_by(piece_.row_end - piece_.row_begin);
    const int64_t floats = slices * seen_rows_ * seen_columns_ * window_.channels;
    copy_ = scratch<0>(floats + beyond);
    std::fill_n(copy_ + floats, beyond, 0.0f);
    const int64_t begin = std::min(std::max<int64_t>(c.pad, 0), seen_columns_);
    const int64_t end = std::max(std::min(c.in + c.pad, seen_columns_), begin);
    for (int64_t i = std::max<int64_t>(first_slice(), 0);
         i < std::min(first_slice() + slices, s.in); ++i) {
      for (int64_t j = std::max<int64_t>(first_row(), 0);
           j < std::min(first_row() + seen_rows_, r.in); ++j) {
        float* to = copy_of(i, j);
        const float* from = source(i, j);
        std::fill(to, to + begin * window_.channels, 0.0f);
        std::copy(from + (begin - c.pad) * window_.channels,
                  from + (end - c.pad) * window_.channels, to + begin * window_.channels);
        std::fill(to + end * window_.channels, to + seen_columns_ * window_.channels, 0.0f);
      }
    }
  }

  const Window& window_;
  const Piece& piece_;
  const float* x_;
  float* copy_ = nullptr;
  int64_t seen_columns_, seen_rows_ = 0;
  bool copied_;
};

// The weights from `channels` to `features`, read by strides: both are transposed in a
// gradient.
struct Kernel {
  const float* data;
  int64_t row_taps, column_taps, tap_stride, channel_stride, feature_stride, features;

  const float* tap(const Window& w, int64_t slice, int64_t row, int64_t column) const {
    const int64_t s = w.slice.first_tap + slice * w.slice.tap_step;
    const int64_t r = w.row.first_tap + row * w.row.tap_step;
    const int64_t c = w.column.first_tap + column * w.column.tap_step;
    return data + ((s * row_taps + r) * column_taps + c) * tap_stride;
  }
};

// The weights as `convolve_block` reads them: of each channel block [taps, length, width].
class PackedKernel {
 public:
  PackedKernel(xla::ffi::ThreadPool& pool, const Window& window, const Kernel& kernel)
      : rows_(window.taps_across() * window.length()) {
    int64_t width = 0;
    for (int64_t f = 0; f < kernel.features; f += blocks_.back().width) {
      blocks_.push_back(block_at(f, kernel.features));
      width += blocks_.back().width;
    }
    packed_.reset(new float[rows_ * width]);
    const int64_t taps = window.taps_across();
    parallel_for(pool, blocks_.size() * taps, 1, [&](int64_t i, int64_t) {
      pack(window, kernel, i / taps, i % taps);
    });
  }

  int64_t size() const { return blocks_.size(); }
  const ChannelBlock& block(int64_t i) const { return blocks_[i]; }
  const float* weights(int64_t i) const { return packed_.get() + rows_ * blocks_[i].first; }

 private:
  void pack(const Window& window, const Kernel& kernel, int64_t i, int64_t across) {
    const ChannelBlock& block = blocks_[i];
    float* to = packed_.get() + rows_ * block.first + across * window.length() * block.width;
    for (int64_t column = 0; column < window.column.taps; ++column) {
      const float* tap = kernel.tap(window, across / window.row.taps,
                                    across % window.row.taps, column);
      for (int64_t c = 0; c < window.channels; ++c, to += block.width) {
        const float* from = tap + c * kernel.channel_stride +
                            block.first * kernel.feature_stride;
        for (int64_t f = 0; f < block.keep; ++f) to[f] = from[f * kernel.feature_stride];
        std::fill(to + block.keep, to + block.width, 0.0f);
      }
    }
  }

  int64_t rows_;
  std::vector<ChannelBlock> blocks_;
  std::unique_ptr<float[]> packed_;
};

// A result [batch, slices, rows, columns, features] that outputs are written into.
struct Result {
  float* data;
  int64_t slices, rows, columns, features;

  float* row(const Window& w, int64_t image, int64_t slice, int64_t row) const {
    const int64_t s = w.slice.first_out + slice * w.slice.out_step;
    const int64_t r = w.row.first_out + row * w.row.out_step;
    const int64_t before = ((image * slices + s) * rows + r) * columns;
    return data + (before + w.column.first_out) * features;
  }
};

// One output row of one channel block.
inline void convolve_row(const Window& w, const std::vector<Tap>& taps,
                         const ChannelBlock& block, float* out, int64_t pitch) {
  const int64_t n = taps.size(), length = w.length();
  const int64_t step = w.column.stride * w.channels;
  const auto from = [&](int64_t begin, Tap* shifted) {
    for (int64_t t = 0; t < n; ++t) {
      shifted[t] = {taps[t].window + begin * step, taps[t].weights};
    }
    return shifted;
  };
  thread_local std::vector<Tap> memory;
  memory.resize(n);
  if (block.width == 1) {
    return for_each_block<8>(w.column.out, [&](int64_t begin, auto size) {
      convolve_dot<size>(from(begin, memory.data()), n, length, step, out + begin * pitch,
                         pitch);
    });
  }
  with_channels(block.width, [&](auto channels) {
    using Block = decltype(channels);
    for_each_block<Block::kMost>(w.column.out, [&](int64_t begin, auto size) {
      convolve_block<Block, size>(from(begin, memory.data()), n, length, step,
                                  out + begin * pitch, pitch, block.keep);
    });
  });
}

// Channel blocks [begin, end) of one piece of the output.
inline void convolve_piece(const Window& w, const float* x, const PackedKernel& kernel,
                           const Piece& piece, int64_t begin, int64_t end,
                           const Result& y) {
  const SeenRows rows(w, x, piece);
  std::vector<Tap> taps;
  for (int64_t block = begin; block < end; ++block) {
    const int64_t tap_size = w.length() * kernel.block(block).width;
    for (int64_t slice = piece.slice_begin; slice < piece.slice_end; ++slice) {
      for (int64_t row = piece.row_begin; row < piece.row_end; ++row) {
        taps.clear();
        for (int64_t t = 0; t < w.taps_across(); ++t) {
          const float* seen = rows.at(slice, row, t / w.row.taps, t % w.row.taps);
          if (seen) taps.push_back({seen, kernel.weights(block) + t * tap_size});
        }
        convolve_row(w, taps, kernel.block(block),
                     y.row(w, piece.image, slice, row) + kernel.block(block).first,
                     w.column.out_step * y.features);
      }
    }
  }
}

// y = x * kernel, cross-correlation; only the outputs of the window are written.
inline void convolve(xla::ffi::ThreadPool& pool, const Window& w, const float* x,
                     const Kernel& kernel, const Result& y) {
  const Pieces pieces(w);
  if (pieces.size() * w.column.out * kernel.features == 0) return;
  const PackedKernel packed(pool, w, kernel);
  // Where there are few pieces, channel blocks are shared among the threads as well.
  const int64_t parts = pieces.size() >= Pieces::kEnough ? 1 : packed.size();
  parallel_for(pool, pieces.size() * parts, 1, [&](int64_t i, int64_t) {
    const int64_t part = i % parts;
    convolve_piece(w, x, packed, pieces[i / parts], part * packed.size() / parts,
                   (part + 1) * packed.size() / parts, y);
  });
}

}  // namespace spine
