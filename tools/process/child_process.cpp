// SPDX-License-Identifier: MIT
#include "process/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

namespace drover::simulate {
namespace {

/// In the child, where only what is async-signal-safe may be called.
[[noreturn]] void become(const char* program, char* const* arguments, int handed_over,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::setpgid(0, 0);
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(nothing, STDOUT_FILENO);
  unsigned first_closed = child_process::descriptor_inside;
  if (handed_over >= 0) {
    // Onto itself, dup2 would leave the close-on-exec flag.
    if (handed_over == child_process::descriptor_inside) {
      ::fcntl(handed_over, F_SETFD, 0);
    } else {
      ::dup2(handed_over, child_process::descriptor_inside);
    }
    ++first_closed;
  }
  ::close_range(first_closed, ~0U, 0);
  struct sigaction as {};
  as.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &as, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(program, arguments);
  ::_exit(127);
}

}  // namespace

child_process::child_process(const plan& of) {
  std::vector<std::string> texts = of.arguments;
  std::vector<char*> arguments;
  for (std::string& each : texts) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error{errno, std::generic_category(), "starting a process"};
  if (pid_ == 0) become(of.program.c_str(), arguments.data(), of.handed_over, parent);
}

child_process::child_process(child_process&& from) noexcept
    : pid_{std::exchange(from.pid_, 0)}, status_{from.status_} {}

child_process::~child_process() {
  if (pid_ == 0 || status()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<int> child_process::status() {
  int found = 0;
  if (pid_ != 0 && !status_ && ::waitpid(pid_, &found, WNOHANG) == pid_) status_ = found;
  return status_;
}

std::string ending_in_words(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return "ended by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  }
  return "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace drover::simulate
