// SPDX-License-Identifier: MIT
// Counts loads by a number that a command prints, such as `psql -Atc 'SELECT calls FROM ...'`.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "audit/run/origin_counter.hpp"
#include "audit/run/sampled_number.hpp"
#include "process/child_process.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto run_max = 10s;
constexpr std::size_t output_max = 4096;

/// The first whole number in a text.
std::optional<std::int64_t> first_number(std::string_view text) {
  const std::size_t position = text.find_first_of("0123456789");
  if (position == std::string_view::npos) return std::nullopt;
  std::int64_t number = 0;
  const auto code = std::from_chars(text.data() + position, text.data() + text.size(), number).ec;
  if (code != std::errc{}) return std::nullopt;
  return number;
}

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

result<std::int64_t> run_once(const std::string& command) {
  const auto fail = [&command](const std::string& reason) {
    return fault{fault_code::unreachable,
                 "the command of --origin-cmd '" + command + "' " + reason};
  };
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return fail(std::strerror(errno));
  const auto deadline = steady_clock::now() + run_max;
  const pid_t pid = start_shell(command, pipe_ends[1]);
  close(pipe_ends[1]);
  const std::string printed = pid > 0 ? read_all(pipe_ends[0], deadline) : "";
  close(pipe_ends[0]);
  if (pid < 0) return fail("cannot be started");
  const bool is_late = steady_clock::now() >= deadline;
  if (is_late) kill(-pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (is_late) return fail("did not end within 10 s");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return fail(process::ending_in_words(status));
  const std::optional<std::int64_t> number = first_number(printed);
  if (!number) return fail("printed no number; it must print the number of loads, 0 at the start");
  return *number;
}

}  // namespace

std::unique_ptr<origin_counter> count_by_command(std::string command, origin_listener listener) {
  constexpr auto every = 1s;
  std::string source = "command";
  return std::make_unique<sampled_number>(
      std::move(source), every, [command = std::move(command)] { return run_once(command); },
      std::move(listener));
}

}  // namespace drover::audit
