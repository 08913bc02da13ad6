// SPDX-License-Identifier: MIT
// Receives signals without a handler. While an object exists, the signals are blocked and `pause`
// reports them as exceptions, so that destructors clean up.
//
// Threads: the main thread, before any other thread is started. Signals that are ignored at the
// start stay ignored.
#pragma once

#include <chrono>
#include <csignal>
#include <initializer_list>

namespace drover::process {

/// A signal that ends the program: SIGINT, SIGTERM, SIGHUP, SIGQUIT or an additional one. It is not
/// a std::exception, so that no handler takes it for an error.
struct interrupted {
  int signal = 0;
  /// Whether the terminal sent the signal, so that all processes of the group got it.
  bool is_for_all = false;
};

class signal_watch {
 public:
  /// Also watches the `additional` signals.
  explicit signal_watch(std::initializer_list<int> additional = {});
  ~signal_watch();
  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  /// Waits until `time` has passed or a child has ended. Throws `interrupted`.
  void pause(std::chrono::milliseconds time) const;

 private:
  sigset_t watched_{};
  sigset_t before_{};
  struct sigaction pipe_before_ {};
  struct sigaction child_before_ {};
};

}  // namespace drover::process
