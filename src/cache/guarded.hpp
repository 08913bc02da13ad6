// SPDX-License-Identifier: MIT
// A mutex with annotations for clang's -Wthread-safety, which name the members that it guards and
// the functions that require it.
#pragma once

#include <mutex>

#if defined(__clang__)
#define DROVER_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define DROVER_THREAD_ATTRIBUTE(x)
#endif

#define DROVER_CAPABILITY(x) DROVER_THREAD_ATTRIBUTE(capability(x))
#define DROVER_SCOPED_CAPABILITY DROVER_THREAD_ATTRIBUTE(scoped_lockable)
#define DROVER_GUARDED_BY(x) DROVER_THREAD_ATTRIBUTE(guarded_by(x))
#define DROVER_REQUIRES(x) DROVER_THREAD_ATTRIBUTE(requires_capability(x))
#define DROVER_EXCLUDES(x) DROVER_THREAD_ATTRIBUTE(locks_excluded(x))
#define DROVER_ACQUIRE(...) DROVER_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define DROVER_RELEASE(...) DROVER_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))

namespace drover::detail {

class DROVER_CAPABILITY("mutex") guard_mutex {
 public:
  void lock() DROVER_ACQUIRE() { mutex_.lock(); }
  void unlock() DROVER_RELEASE() { mutex_.unlock(); }
  /// Tells the checker that this thread holds the mutex. Needed in lambdas, which the checker does
  /// not follow.
  void assert_held() const DROVER_THREAD_ATTRIBUTE(assert_capability(this)) {}

 private:
  std::mutex mutex_;
};

class DROVER_SCOPED_CAPABILITY guard_lock {
 public:
  explicit guard_lock(guard_mutex& on) DROVER_ACQUIRE(on) : on_{on} { on_.lock(); }
  ~guard_lock() DROVER_RELEASE() { on_.unlock(); }
  guard_lock(const guard_lock&) = delete;
  guard_lock& operator=(const guard_lock&) = delete;

 private:
  guard_mutex& on_;
};

}  // namespace drover::detail
