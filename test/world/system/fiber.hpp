// SPDX-License-Identifier: MIT
// A thread of the simulated world: a stack of its own, and what else a thread of the system has to
// itself: thread-local variables, errno, and the exceptions in flight. Exactly one fiber runs at a
// time, on the thread of the harness.
//
// The first switch to a fiber uses ucontext, later ones _setjmp and _longjmp, which make no system
// call. The thread-local variables are those of the main program: their block of memory is copied
// out and in at each switch.
//
// Threads: one. A fiber that is destroyed before it ends is dropped without unwinding its stack,
// as if its process had been killed.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <functional>
#include <memory>

namespace drover::world {

class fiber {
 public:
  /// `body` must not throw.
  explicit fiber(std::function<void()> body);
  ~fiber();
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;

  /// Runs the fiber until it calls `leave` or ends. Called by the harness.
  void enter() noexcept;
  /// Goes back to the harness. Called by the running fiber.
  void leave() noexcept;
  [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

  struct stack;
  struct locals;

 private:
  static void begin() noexcept;

  std::function<void()> body_;
  stack* stack_;
  std::unique_ptr<locals> locals_;
  std::jmp_buf here_{};
  bool has_begun_ = false;
  bool has_ended_ = false;
};

}  // namespace drover::world
