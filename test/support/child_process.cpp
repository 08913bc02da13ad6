// SPDX-License-Identifier: MIT
#include "support/child_process.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <thread>

namespace drover::test {
namespace {

pid_t fork_child() {
  std::fflush(nullptr);  // otherwise the child would print it, too
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error{errno, std::generic_category(), "fork"};
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
  }
  return child;
}

}  // namespace

std::string child_end::text() const {
  if (hung) return "it did not end by itself";
  if (status > 128) return "signal " + std::to_string(status - 128) + " ended it";
  return "it ended with status " + std::to_string(status);
}

child_end wait_for_child(pid_t child, std::chrono::seconds guard) {
  const auto deadline = std::chrono::steady_clock::now() + guard;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return {.hung = true, .status = 128 + SIGKILL};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
}

child_end run_in_child(const std::function<int()>& body, std::chrono::seconds guard) {
  const pid_t child = fork_child();
  if (child > 0) return wait_for_child(child, guard);
  const int status = body();
  std::fflush(nullptr);
  ::_exit(status);
}

pid_t start_program(const std::string& program, const std::vector<std::string>& arguments,
                    int wire) {
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t child = fork_child();
  if (child > 0) return child;
  // Only async-signal-safe calls are allowed here, because other threads may have held locks at the
  // fork.
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (wire >= 0) {
    ::dup2(wire, STDIN_FILENO);
    ::dup2(wire, STDOUT_FILENO);
  }
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

child_end run_program(const std::string& program, const std::vector<std::string>& arguments,
                      std::chrono::seconds guard) {
  return wait_for_child(start_program(program, arguments), guard);
}

}  // namespace drover::test
