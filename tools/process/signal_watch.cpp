// SPDX-License-Identifier: MIT
#include "process/signal_watch.hpp"

#include <ctime>

namespace drover::process {

signal_watch::signal_watch(std::initializer_list<int> additional) {
  ::sigemptyset(&watched_);
  const auto watch = [this](int signal) {
    struct sigaction set {};
    ::sigaction(signal, nullptr, &set);
    if (set.sa_handler != SIG_IGN) ::sigaddset(&watched_, signal);
  };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) watch(signal);
  for (const int signal : additional) watch(signal);
  ::sigaddset(&watched_, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &watched_, &before_);

  struct sigaction action {};
  // A write to a closed pipe then fails with an error.
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, &pipe_before_);
  // If SIGCHLD is ignored, the status of a child is lost.
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &action, &child_before_);
}

signal_watch::~signal_watch() {
  ::sigaction(SIGPIPE, &pipe_before_, nullptr);
  ::sigaction(SIGCHLD, &child_before_, nullptr);
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

void signal_watch::pause(std::chrono::milliseconds time) const {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const timespec limit{.tv_sec = seconds.count(),
                       .tv_nsec = std::chrono::nanoseconds{time - seconds}.count()};
  siginfo_t info{};
  const int signal = ::sigtimedwait(&watched_, &info, &limit);
  if (signal > 0 && signal != SIGCHLD) throw interrupted{signal, info.si_code == SI_KERNEL};
}

}  // namespace drover::process
