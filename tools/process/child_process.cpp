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
  int passed_descriptor = -1;
  int output = -1;
};

/// Must run before PR_SET_PDEATHSIG, because a change of the user resets the signal of death.
bool change_user(const user& account) {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(account.gid, account.gid, account.gid) == 0 &&
         ::setresuid(account.uid, account.uid, account.uid) == 0;
}

void arrange_descriptors(const descriptors& open_files) {
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(open_files.output >= 0 ? open_files.output : nothing, STDOUT_FILENO);
  if (open_files.output >= 0) ::dup2(open_files.output, STDERR_FILENO);
  unsigned first_closed = child_process::descriptor_inside;
  if (open_files.passed_descriptor >= 0) {
    // dup2 of a descriptor onto itself does not clear the close-on-exec flag.
    if (open_files.passed_descriptor == child_process::descriptor_inside) {
      ::fcntl(open_files.passed_descriptor, F_SETFD, 0);
    } else {
      ::dup2(open_files.passed_descriptor, child_process::descriptor_inside);
    }
    ++first_closed;
  }
  ::close_range(first_closed, ~0U, 0);
}

/// Runs in the child, where only async-signal-safe functions may be called.
[[noreturn]] void become(const child_process::plan& spec, char* const* arguments,
                         const descriptors& open_files, pid_t parent) {
  arrange_descriptors(open_files);
  if (spec.runs_as && !change_user(*spec.runs_as)) ::_exit(127);
  ::prctl(PR_SET_PDEATHSIG, spec.signal_of_death);
  if (::getppid() != parent) ::_exit(127);
  ::setpgid(0, 0);
  if (!spec.folder.empty() && ::chdir(spec.folder.c_str()) != 0) ::_exit(127);
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(spec.program.c_str(), arguments);
  ::_exit(127);
}

}  // namespace

child_process::child_process(const plan& spec) {
  std::vector<std::string> texts = spec.arguments;
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  descriptors open_files{.passed_descriptor = spec.passed_descriptor};
  if (!spec.output.empty()) {
    open_files.output =
        ::open(spec.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (open_files.output < 0) throw std::system_error{errno, std::generic_category(), spec.output};
  }
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  const int error = errno;
  if (pid_ == 0) become(spec, arguments.data(), open_files, parent);
  if (open_files.output >= 0) ::close(open_files.output);
  if (pid_ < 0) throw std::system_error{error, std::generic_category(), "starting a process"};
}

child_process::child_process(child_process&& other) noexcept
    : pid_{std::exchange(other.pid_, 0)}, status_{other.status_} {}

child_process::~child_process() {
  if (pid_ == 0 || status()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<int> child_process::status() {
  int status = 0;
  if (pid_ != 0 && !status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
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
