// SPDX-License-Identifier: MIT
// The simulated operating system: processes, threads, virtual time and waiting. The library runs on
// it unchanged, because the system calls of the program lead here while a schedule runs
// (thread_calls.cpp, socket_calls.cpp).
//
// One thread runs at a time. It can be preempted at every system call, and nowhere else. Time
// passes by the cost of each call and, when no thread can run, up to the next timer or event. All
// decisions come from `choices`, so a schedule repeats exactly.
//
// Threads: one, that of the harness, and the fibers on it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "world/system/choices.hpp"
#include "world/system/fiber.hpp"

namespace drover::world {

/// Since the begin of the schedule.
using virtual_time = std::chrono::nanoseconds;

struct process {
  unsigned number = 0;  ///< from 1
  bool is_alive = true;
  bool is_paused = false;
  virtual_time paused_for{};  ///< in all, up to the last end of a pause
  virtual_time paused_since{};
  /// The monotonic clock shows `monotonic_begin` at first, and gains `drift_ppm`.
  virtual_time monotonic_begin{std::chrono::hours{1}};
  std::int64_t drift_ppm = 0;
  virtual_time wall_step{};  ///< added to the time of day
  bool lacks_threads = false;
  bool lacks_descriptors = false;
  base::seeded_random tokens{0};

  [[nodiscard]] virtual_time monotonic(virtual_time now) const noexcept;
  /// The moment at which the monotonic clock has reached `shown`.
  [[nodiscard]] virtual_time when_monotonic(virtual_time shown) const noexcept;
};

struct thread {
  enum class state : std::uint8_t { ready, blocked, ended };

  unsigned number = 0;  ///< from 1
  process* owner = nullptr;
  state at = state::ready;
  std::unique_ptr<fiber> body;
  void* (*entry)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;
  bool is_detached = false;
  std::array<const void*, 2> waits_on{};
  std::uint32_t groups = 0;
  std::uint64_t wait_number = 0;  ///< of the current wait, so that old timers are recognised
  bool was_woken = false;
  bool is_of_harness = false;  ///< it gets threads also while its process lacks them
  std::uint64_t steps_since_wait = 0;
};

/// Why a schedule ended.
enum class outcome : std::uint8_t {
  finished,     ///< every thread of every living process has ended
  hung,         ///< threads are left, and nothing will ever wake them
  endless,      ///< too many steps
  unsupported,  ///< a request that the server's model does not know
};

class kernel {
 public:
  explicit kernel(choices& decide, std::uint64_t seed);
  ~kernel();
  kernel(const kernel&) = delete;
  kernel& operator=(const kernel&) = delete;

  /// The kernel on which the calling fiber runs; nullptr outside of a schedule.
  [[nodiscard]] static kernel* current() noexcept;

  process& add_process();
  /// The first thread of a process.
  thread& start(process& in, std::function<void()> body);
  /// For pthread_create.
  thread& start(process& in, void* (*entry)(void*), void* argument);
  /// Runs until nothing is left to do.
  [[nodiscard]] outcome run(std::uint64_t steps_max);

  void at(virtual_time when, std::function<void()> event);
  void after(virtual_time delay, std::function<void()> event) {
    at(now_ + delay, std::move(event));
  }
  /// Ends a process at once: its threads never run again.
  void kill(process& ended) noexcept;
  void pause(process& paused) noexcept;
  void resume(process& resumed) noexcept;

  [[nodiscard]] virtual_time now() const noexcept { return now_; }
  [[nodiscard]] thread& running() noexcept { return *running_; }
  [[nodiscard]] process& running_process() noexcept { return *running_->owner; }
  [[nodiscard]] thread* find(unsigned number) noexcept;
  [[nodiscard]] const std::vector<std::unique_ptr<thread>>& threads() const noexcept {
    return threads_;
  }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  /// The most steps that a thread made from one wait to the next.
  [[nodiscard]] std::uint64_t busiest() const noexcept { return busiest_; }
  /// Why a schedule ended as `unsupported`.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

  /// A system call begins: time passes, and another thread may run.
  void step(virtual_time cost);
  /// Blocks the running thread until one of the addresses is woken or `until` has come. Returns
  /// whether it was woken.
  bool wait(std::array<const void*, 2> on, std::optional<virtual_time> until,
            std::uint32_t groups = ~std::uint32_t{0});
  /// Wakes at most `count` threads of `in` that wait on the address, chosen at random. Returns how
  /// many. A nullptr for `in` means every process.
  int wake(const process* in, const void* address, int count,
           std::uint32_t groups = ~std::uint32_t{0});
  /// A random number below `limit`, for everything except the scheduler's decisions.
  [[nodiscard]] std::uint64_t draw(std::uint64_t limit) { return draws_.next() % limit; }

  /// So many of 100 waits that may end for no reason do so.
  void set_spurious(unsigned percent) noexcept { spurious_ = percent; }
  /// When the wait that begins now ends for no reason, if it does.
  [[nodiscard]] std::optional<virtual_time> draw_spurious_end();

  /// Whether to keep the moment of each step. No moment comes twice.
  void record_moments(bool whether) noexcept { records_moments_ = whether; }
  [[nodiscard]] const std::vector<virtual_time>& moments() const noexcept { return moments_; }
  /// Prints the stacks of the threads that have not ended, on standard error. After `run` only.
  void print_stacks();
  /// Adds to the fingerprint of the schedule.
  void note(std::uint64_t fact) noexcept;
  [[nodiscard]] std::uint64_t fingerprint() const noexcept { return fingerprint_; }

 private:
  struct timed {
    virtual_time when;
    std::uint64_t tie;  ///< random, so that events of one moment run in any order
    std::uint64_t number;
    std::function<void()> run;
    friend bool operator>(const timed& a, const timed& b) noexcept {
      if (a.when != b.when) return a.when > b.when;
      return a.tie != b.tie ? a.tie > b.tie : a.number > b.number;
    }
  };

  thread& add_thread(process& in);
  void run_due_events();
  void record_moment();
  /// The threads that can run; the running one first, if it is among them.
  void collect_ready(std::vector<thread*>& into) const;
  void switch_to(thread& next);
  void leave_running() noexcept;
  [[nodiscard]] bool is_event_due() const noexcept {
    return !events_.empty() && events_.front().when <= now_;
  }

  choices& decide_;
  base::seeded_random draws_;
  std::vector<std::unique_ptr<process>> processes_;
  std::vector<std::unique_ptr<thread>> threads_;
  std::vector<thread*> living_;  ///< those that have not ended, of processes that are alive
  std::vector<timed> events_;  // a heap
  std::vector<thread*> ready_;
  thread* running_ = nullptr;
  thread* chosen_ = nullptr;  ///< preempts the running one
  virtual_time now_{};
  std::uint64_t steps_ = 0;
  std::uint64_t steps_max_ = 0;
  std::uint64_t busiest_ = 0;
  std::uint64_t next_event_ = 0;
  std::uint64_t fingerprint_ = 0xCBF29CE484222325U;
  std::string refusal_;
  unsigned spurious_ = 0;
  bool is_printing_stacks_ = false;
  bool records_moments_ = false;
  std::vector<virtual_time> moments_;
};

}  // namespace drover::world
