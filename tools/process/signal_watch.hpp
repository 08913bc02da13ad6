// SPDX-License-Identifier: MIT
// Signals taken in the order of the program instead of in a handler: while one of these exists they
// are blocked and looked at whenever the coordinator pauses. So clean-up is ordinary destructors.
//
// Threads: the main thread, before any other is started. What was ignored at the start stays
// ignored.
#pragma once

#include <chrono>
#include <csignal>
#include <initializer_list>

namespace drover::process {

/// Somebody wants us to stop: SIGINT, SIGTERM, SIGHUP or SIGQUIT (or one that was asked for). Not a
/// std::exception, so that nobody takes it for an error on its way out.
struct interrupted {
  int signal = 0;
  /// By the terminal: all processes of our group got it, too.
  bool is_for_all = false;
};

class signal_watch {
 public:
  /// Watches those `besides`, too.
  explicit signal_watch(std::initializer_list<int> besides = {});
  ~signal_watch();
  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  /// Waits until the time is over or a child has ended. Throws `interrupted`.
  void pause(std::chrono::milliseconds time) const;

 private:
  sigset_t watched_{};
  sigset_t before_{};
  struct sigaction pipe_before_ {};
  struct sigaction child_before_ {};
};

}  // namespace drover::process
