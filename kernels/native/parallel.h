// A loop over XLA's own thread pool.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "cores.h"
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
  const int64_t threads = std::max<int64_t>(std::min(pieces, pool.num_threads()), 1);
  struct Progress {
    explicit Progress(int64_t threads) : team(threads) {}
    std::atomic<int64_t> next{0}, done{0};
    Team team;
  };
  auto progress = std::make_shared<Progress>(threads);
  // A task that starts late finds no piece left and leaves `work` alone, which may be gone.
  auto drain = [progress, pieces, grain, n, &work](int64_t thread) {
    Team::Place place(progress->team, thread);
    for (int64_t i; (i = progress->next.fetch_add(1)) < pieces;) {
      work(i * grain, std::min(n, (i + 1) * grain));
      progress->done.fetch_add(1);
      place.keep_apart();
    }
  };
  for (int64_t i = 1; i < threads; ++i) pool.Schedule([drain, i] { drain(i); });
  drain(0);
  while (progress->done.load() < pieces) std::this_thread::yield();
}

}  // namespace spine
