// SPDX-License-Identifier: MIT
#include "process/foreground_process.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <system_error>

#include "process/process_tree.hpp"

namespace drover::process {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct spawn_settings {
  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_t files{};

  explicit spawn_settings(bool speaks_to_errors) {
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_init(&files);
    sigset_t none;
    ::sigemptyset(&none);
    sigset_t usual;
    ::sigemptyset(&usual);
    ::sigaddset(&usual, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &usual);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (speaks_to_errors) {
      ::posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    }
  }
  ~spawn_settings() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;
};

}  // namespace

foreground_process::foreground_process(const plan& spec) {
  std::vector<std::string> command = spec.command;
  std::vector<std::string> environment = spec.environment;
  const spawn_settings settings{spec.speaks_to_errors};
  const int error =
      ::posix_spawnp(&pid_, command.front().c_str(), &settings.files, &settings.attributes,
                     pointers_to(command).data(), pointers_to(environment).data());
  if (error != 0) {
    pid_ = 0;
    throw std::system_error{error, std::generic_category(), command.front()};
  }
}

foreground_process::~foreground_process() {
  if (pid_ == 0 || status()) return;
  send_to_all(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<int> foreground_process::status() {
  int status = 0;
  if (pid_ != 0 && !status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

void foreground_process::send(int signal) {
  if (pid_ != 0 && !status()) ::kill(pid_, signal);
}

void foreground_process::send_to_all(int signal) {
  if (pid_ == 0 || status()) return;
  const std::vector<pid_t> descendants = descendants_of(pid_);
  ::kill(pid_, signal);
  for (const pid_t descendant : descendants) ::kill(descendant, signal);
}

int shell_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace drover::process
