// Threads that work together, each on a core of its own.
//
// A thread that is woken for a few milliseconds may be queued behind its waker while
// another core idles: Linux does not search for an idle core on a busy machine of few
// cores, and balances only every few milliseconds. Waiting does not help, moving does.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

namespace spine {

// The core that the calling thread runs on; 0 where the system does not tell.
inline int current_core() {
#ifdef __linux__
  return sched_getcpu();
#else
  return 0;
#endif
}

// Moves the calling thread to another of the cores that it may use, if there is one.
inline void leave_core() {
#ifdef __linux__
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t others = allowed;
  CPU_CLR(current_core(), &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof(others), &others) != 0) return;
  sched_setaffinity(0, sizeof(allowed), &allowed);
#endif
}

// Where the threads of one loop are.
class Team {
 public:
  explicit Team(int64_t threads) : core_(threads) {
    for (auto& core : core_) core = kWaiting;
  }

  // One thread's place in the team. It leaves its core once, when after a while another
  // thread of the team is there or has not begun, which may be for the same reason.
  class Place {
   public:
    Place(Team& team, int64_t thread) : team_(team), thread_(thread) { keep_apart(); }
    ~Place() { team_.core_[thread_] = kGone; }

    void keep_apart() {
      const int core = current_core();
      team_.core_[thread_] = core;
      if (moved_ || std::chrono::steady_clock::now() - begin_ < kPatience) return;
      if (team_.crowded(thread_, core)) {
        leave_core();
        moved_ = true;
      }
    }

   private:
    static constexpr std::chrono::microseconds kPatience{100};
    Team& team_;
    const int64_t thread_;
    const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    bool moved_ = false;
  };

 private:
  static constexpr int kWaiting = -1, kGone = -2;

  bool crowded(int64_t thread, int core) const {
    for (int64_t other = 0; other < static_cast<int64_t>(core_.size()); ++other) {
      const int its_core = core_[other];
      if (other != thread && (its_core == core || its_core == kWaiting)) return true;
    }
    return false;
  }

  std::vector<std::atomic<int>> core_;
};

}  // namespace spine
