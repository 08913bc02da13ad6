// SPDX-License-Identifier: MIT
#include "process/child_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace drover::process {
namespace {

struct descriptors {
  int handed_over = -1;
  int output = -1;
};

/// Another user's program would not get the signal of death any more: so first the user.
bool change_user(const user& to) {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(to.gid, to.gid, to.gid) == 0 &&
         ::setresuid(to.uid, to.uid, to.uid) == 0;
}

void arrange_descriptors(const descriptors& ours) {
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(ours.output >= 0 ? ours.output : nothing, STDOUT_FILENO);
  if (ours.output >= 0) ::dup2(ours.output, STDERR_FILENO);
  unsigned first_closed = child_process::descriptor_inside;
  if (ours.handed_over >= 0) {
    // Onto itself, dup2 would leave the close-on-exec flag.
    if (ours.handed_over == child_process::descriptor_inside) {
      ::fcntl(ours.handed_over, F_SETFD, 0);
    } else {
      ::dup2(ours.handed_over, child_process::descriptor_inside);
    }
    ++first_closed;
  }
  ::close_range(first_closed, ~0U, 0);
}

/// In the child, where only what is async-signal-safe may be called.
[[noreturn]] void become(const child_process::plan& what, char* const* arguments,
                         const descriptors& ours, pid_t parent) {
  arrange_descriptors(ours);
  if (what.runs_as && !change_user(*what.runs_as)) ::_exit(127);
  ::prctl(PR_SET_PDEATHSIG, what.signal_of_death);
  if (::getppid() != parent) ::_exit(127);
  ::setpgid(0, 0);
  if (!what.folder.empty() && ::chdir(what.folder.c_str()) != 0) ::_exit(127);
  struct sigaction as {};
  as.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &as, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(what.program.c_str(), arguments);
  ::_exit(127);
}

}  // namespace

child_process::child_process(const plan& of) {
  std::vector<std::string> texts = of.arguments;
  std::vector<char*> arguments;
  for (std::string& each : texts) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  descriptors ours{.handed_over = of.handed_over};
  if (!of.output.empty()) {
    ours.output = ::open(of.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (ours.output < 0) throw std::system_error{errno, std::generic_category(), of.output};
  }
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  const int error = errno;
  if (pid_ == 0) become(of, arguments.data(), ours, parent);
  if (ours.output >= 0) ::close(ours.output);
  if (pid_ < 0) throw std::system_error{error, std::generic_category(), "starting a process"};
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

bool child_process::stop(int signal, std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  if (pid_ != 0 && !status()) ::kill(pid_, signal);
  while (pid_ != 0 && !status()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

std::string ending_in_words(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return "ended by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  }
  return "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace drover::process
