// A loop over XLA's own thread pool.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "xla/ffi/api/ffi.h"

namespace spine {

// Calls work(begin, end) for consecutive pieces of [0, n) of at most `grain` items. Which
// thread takes which piece is open, so pieces must not depend on each other.
//
// The caller works too, and waits only for pieces that were begun: a pool whose threads
// are all busy, perhaps waiting for loops of their own, cannot block it.
template <class Work>
void parallel_for(xla::ffi::ThreadPool& pool, int64_t n, int64_t grain, const Work& work) {
  const int64_t pieces = (n + grain - 1) / grain;
  struct Progress {
    std::atomic<int64_t> next{0}, done{0};
  };
  auto progress = std::make_shared<Progress>();
  // A task that starts late finds no piece left and leaves `work` alone, which may be gone.
  auto drain = [progress, pieces, grain, n, &work] {
    for (int64_t i; (i = progress->next.fetch_add(1)) < pieces;) {
      work(i * grain, std::min(n, (i + 1) * grain));
      progress->done.fetch_add(1);
    }
  };
  const int64_t helpers = std::min(pieces, pool.num_threads()) - 1;
  for (int64_t i = 0; i < helpers; ++i) pool.Schedule(decltype(drain)(drain));
  drain();
  while (progress->done.load() < pieces) std::this_thread::yield();
}

}  // namespace spine
