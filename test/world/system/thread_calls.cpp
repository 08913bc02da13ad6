// SPDX-License-Identifier: MIT
// The functions of the C library for threads, locks, futexes, clocks and randomness, as this
// program sees them: on the simulated kernel while a schedule runs, otherwise the system's own.
//
// A mutex keeps its state in its first word. A condition variable needs no state. A thread that
// waits for either of them waits for its address.
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "world/system/arena.hpp"
#include "world/system/kernel.hpp"
#include "world/system/real_call.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

// About what these calls cost on a machine of today.
constexpr virtual_time clock_cost = 40ns;
constexpr virtual_time lock_cost = 60ns;
constexpr virtual_time futex_cost = 600ns;
constexpr virtual_time yield_cost = 800ns;
constexpr virtual_time thread_cost = 15us;

constexpr int all_waiters = 1 << 30;
constexpr const char* condition_version = "GLIBC_2.3.2";
constexpr virtual_time first_day{std::chrono::seconds{1'700'000'000}};

virtual_time time_of(const timespec& moment) noexcept {
  return std::chrono::seconds{moment.tv_sec} + std::chrono::nanoseconds{moment.tv_nsec};
}

timespec as_timespec(virtual_time moment) noexcept {
  constexpr std::int64_t second = 1'000'000'000;
  return {moment.count() / second, moment.count() % second};
}

virtual_time shown(kernel& on, clockid_t clock) noexcept {
  const process& own = on.running_process();
  const virtual_time monotonic = own.monotonic(on.now());
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return monotonic;
  return first_day + monotonic - own.monotonic_begin + own.wall_step;
}

/// The moment at which `clock` shows `limit`.
virtual_time when_shown(kernel& on, clockid_t clock, const timespec& limit) noexcept {
  const process& own = on.running_process();
  virtual_time monotonic = time_of(limit);
  if (clock == CLOCK_REALTIME) monotonic += own.monotonic_begin - first_day - own.wall_step;
  return own.when_monotonic(monotonic);
}

int& word_of(pthread_mutex_t* mutex) noexcept { return *reinterpret_cast<int*>(mutex); }

void acquire(kernel& on, pthread_mutex_t* mutex) {
  while (word_of(mutex) != 0) on.wait({mutex, nullptr}, std::nullopt);
  word_of(mutex) = 1;
}

void hand_back(kernel& on, pthread_mutex_t* mutex) {
  word_of(mutex) = 0;
  on.wake(&on.running_process(), mutex, 1);
}

/// Waits until it is woken, `until`, or for a while. Returns whether it was woken.
bool wait_as_allowed(kernel& on, const void* address, std::optional<virtual_time> until,
                     std::uint32_t groups = ~std::uint32_t{0}) {
  if (const auto spurious_end = on.draw_spurious_end())
    until = until ? std::min(*spurious_end, *until) : *spurious_end;
  return on.wait({address, nullptr}, until, groups);
}

int wait_on_condition(kernel& on, pthread_cond_t* condition, pthread_mutex_t* mutex,
                      std::optional<virtual_time> until) {
  hand_back(on, mutex);
  const bool was_woken = wait_as_allowed(on, condition, until) || !until || on.now() < *until;
  acquire(on, mutex);
  return was_woken ? 0 : ETIMEDOUT;
}

long futex_call(kernel& on, std::uint32_t* word, int operation, std::uint32_t value,
                const timespec* limit, std::uint32_t groups) {
  on.step(futex_cost);
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {
      if (std::atomic_ref{*word}.load() != value) {
        errno = EAGAIN;
        return -1;
      }
      std::optional<virtual_time> until;
      const bool is_relative = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT;
      if (limit != nullptr) {
        until = is_relative ? on.now() + time_of(*limit) : when_shown(on, CLOCK_MONOTONIC, *limit);
      }
      const std::uint32_t among = is_relative ? ~std::uint32_t{0} : groups;
      if (wait_as_allowed(on, word, until, among)) return 0;
      if (!until || on.now() < *until) return 0;
      errno = ETIMEDOUT;
      return -1;
    }
    case FUTEX_WAKE: return on.wake(&on.running_process(), word, static_cast<int>(value));
    case FUTEX_WAKE_BITSET:
      return on.wake(&on.running_process(), word, static_cast<int>(value), groups);
    default: errno = ENOSYS; return -1;
  }
}

unsigned number_of(pthread_t id) noexcept { return static_cast<unsigned>(id); }

}  // namespace
}  // namespace drover::world

// The declarations of the C library say `noexcept` for some of these, and g++ then wants it too.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
using namespace drover::world;

extern "C" {

int pthread_create(pthread_t* id, const pthread_attr_t* attributes, void* (*entry)(void*),
                   void* argument) {
  if (kernel* const on = kernel::current()) {
    on->step(thread_cost);
    if (on->running_process().lacks_threads && !on->running().is_of_harness) return EAGAIN;
    *id = on->start(on->running_process(), entry, argument).number;
    return 0;
  }
  static const auto real = real_call<decltype(&pthread_create)>("pthread_create");
  return real(id, attributes, entry, argument);
}

int pthread_join(pthread_t id, void** result) {
  if (kernel* const on = kernel::current()) {
    on->step(futex_cost);
    thread* const joined = on->find(number_of(id));
    if (joined == nullptr || joined->is_detached) return EINVAL;
    while (joined->at != thread::state::ended) on->wait({joined, nullptr}, std::nullopt);
    joined->is_detached = true;
    if (result != nullptr) *result = joined->result;
    return 0;
  }
  static const auto real = real_call<decltype(&pthread_join)>("pthread_join");
  return real(id, result);
}

int pthread_detach(pthread_t id) {
  if (kernel* const on = kernel::current()) {
    thread* const detached = on->find(number_of(id));
    if (detached == nullptr || detached->is_detached) return EINVAL;
    detached->is_detached = true;
    return 0;
  }
  static const auto real = real_call<decltype(&pthread_detach)>("pthread_detach");
  return real(id);
}

pthread_t pthread_self(void) noexcept {
  if (kernel* const on = kernel::current()) return on->running().number;
  static const auto real = real_call<pthread_t (*)()>("pthread_self");
  return real();
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  if (kernel* const on = kernel::current()) {
    on->step(lock_cost);
    acquire(*on, mutex);
    return 0;
  }
  static const auto real = real_call<int (*)(pthread_mutex_t*)>("pthread_mutex_lock");
  return real(mutex);
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  if (kernel* const on = kernel::current()) {
    on->step(lock_cost);
    if (word_of(mutex) != 0) return EBUSY;
    word_of(mutex) = 1;
    return 0;
  }
  static const auto real = real_call<int (*)(pthread_mutex_t*)>("pthread_mutex_trylock");
  return real(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  if (kernel* const on = kernel::current()) {
    hand_back(*on, mutex);
    on->step(lock_cost);
    return 0;
  }
  static const auto real = real_call<int (*)(pthread_mutex_t*)>("pthread_mutex_unlock");
  return real(mutex);
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (kernel* const on = kernel::current())
    return wait_on_condition(*on, condition, mutex, std::nullopt);
  static const auto real =
      real_call<decltype(&pthread_cond_wait)>("pthread_cond_wait", condition_version);
  return real(condition, mutex);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* limit) {
  if (kernel* const on = kernel::current())
    return wait_on_condition(*on, condition, mutex, when_shown(*on, CLOCK_REALTIME, *limit));
  static const auto real =
      real_call<decltype(&pthread_cond_timedwait)>("pthread_cond_timedwait", condition_version);
  return real(condition, mutex, limit);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* limit) {
  if (kernel* const on = kernel::current())
    return wait_on_condition(*on, condition, mutex, when_shown(*on, clock, *limit));
  static const auto real = real_call<decltype(&pthread_cond_clockwait)>("pthread_cond_clockwait");
  return real(condition, mutex, clock, limit);
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  if (kernel* const on = kernel::current()) {
    on->wake(&on->running_process(), condition, 1);
    on->step(futex_cost);
    return 0;
  }
  static const auto real =
      real_call<int (*)(pthread_cond_t*)>("pthread_cond_signal", condition_version);
  return real(condition);
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  if (kernel* const on = kernel::current()) {
    on->wake(&on->running_process(), condition, all_waiters);
    on->step(futex_cost);
    return 0;
  }
  static const auto real =
      real_call<int (*)(pthread_cond_t*)>("pthread_cond_broadcast", condition_version);
  return real(condition);
}

int pthread_cond_destroy(pthread_cond_t* condition) noexcept {
  if (kernel::current() != nullptr) return 0;
  static const auto real =
      real_call<int (*)(pthread_cond_t*)>("pthread_cond_destroy", condition_version);
  return real(condition);
}

int sched_yield(void) noexcept {
  if (kernel* const on = kernel::current()) {
    on->step(yield_cost);
    return 0;
  }
  static const auto real = real_call<int (*)()>("sched_yield");
  return real();
}

int clock_gettime(clockid_t clock, timespec* into) noexcept {
  if (kernel* const on = kernel::current()) {
    on->step(clock_cost);
    *into = as_timespec(shown(*on, clock));
    return 0;
  }
  static const auto real = real_call<int (*)(clockid_t, timespec*)>("clock_gettime");
  return real(clock, into);
}

int nanosleep(const timespec* span, timespec* left) {
  if (kernel* const on = kernel::current()) {
    on->wait({}, on->now() + time_of(*span));
    return 0;
  }
  static const auto real = real_call<decltype(&nanosleep)>("nanosleep");
  return real(span, left);
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* moment, timespec* left) {
  if (kernel* const on = kernel::current()) {
    const bool is_absolute = (flags & TIMER_ABSTIME) != 0;
    on->wait({}, is_absolute ? when_shown(*on, clock, *moment) : on->now() + time_of(*moment));
    return 0;
  }
  static const auto real = real_call<decltype(&clock_nanosleep)>("clock_nanosleep");
  return real(clock, flags, moment, left);
}

ssize_t getrandom(void* into, size_t size, unsigned flags) {
  if (kernel* const on = kernel::current()) {
    on->step(clock_cost);
    for (size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
      const std::uint64_t drawn = on->running_process().tokens.next();
      std::memcpy(static_cast<char*>(into) + at, &drawn, std::min(sizeof drawn, size - at));
    }
    return static_cast<ssize_t>(size);
  }
  static const auto real = real_call<decltype(&getrandom)>("getrandom");
  return real(into, size, flags);
}

long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long given[6];
  for (long& argument : given) argument = va_arg(list, long);
  va_end(list);
  if (kernel* const on = number == SYS_futex ? kernel::current() : nullptr) {
    return futex_call(*on, reinterpret_cast<std::uint32_t*>(given[0]), static_cast<int>(given[1]),
                      static_cast<std::uint32_t>(given[2]),
                      reinterpret_cast<const timespec*>(given[3]),
                      static_cast<std::uint32_t>(given[5]));
  }
  static const auto real = real_call<long (*)(long, ...)>("syscall");
  return real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

}  // extern "C"
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
