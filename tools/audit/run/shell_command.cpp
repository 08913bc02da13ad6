// SPDX-License-Identifier: MIT
#include "audit/run/shell_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

namespace drover::audit {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t output_max = 4096;
constexpr auto look_every = 2ms;

/// Starts `sh -c command` in a process group of its own, with its standard output at `output`.
pid_t start_shell(const std::string& command, int output) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  const std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, "/bin/sh", &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return failed == 0 ? pid : -1;
}

/// Reads all output until the command ends or the time is over.
std::string read_all(int descriptor, steady_clock::time_point deadline) {
  std::string out;
  for (;;) {
    const auto time_left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    pollfd poll_entry{descriptor, POLLIN, 0};
    if (time_left <= 0ms || poll(&poll_entry, 1, static_cast<int>(time_left.count())) == 0)
      return out;
    std::array<char, 1024> buffer{};
    const ssize_t size = read(descriptor, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return out;
    if (out.size() < output_max) out.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

bool has_ended(pid_t pid, int& status) {
  const pid_t ended = waitpid(pid, &status, WNOHANG);
  return ended == pid || (ended < 0 && errno != EINTR);
}

}  // namespace

shell_result run_shell(const std::string& command, std::chrono::milliseconds at_most) {
  shell_result result;
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return result;
  const auto deadline = steady_clock::now() + at_most;
  const pid_t pid = start_shell(command, pipe_ends[1]);
  close(pipe_ends[1]);
  result.is_started = pid > 0;
  if (result.is_started) result.printed = read_all(pipe_ends[0], deadline);
  close(pipe_ends[0]);
  if (!result.is_started) return result;
  // The command may go on after it has closed its output.
  while (!has_ended(pid, result.status)) {
    if (result.is_late || steady_clock::now() < deadline) {
      std::this_thread::sleep_for(look_every);
      continue;
    }
    result.is_late = true;
    kill(-pid, SIGKILL);
  }
  return result;
}

}  // namespace drover::audit
