// SPDX-License-Identifier: MIT
// A running program that exchanges lines with this process over its standard input and output. It
// inherits the standard error of this process. The kernel kills the program if the thread that
// started it ends before this object is destroyed. The program stays in the process group of this
// process, so a signal to the group also reaches the program.
//
// Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace drover::simulate {

/// The program broke the protocol: it ended, sent nothing for too long, or sent an invalid line.
/// The text names the program and the fault. The program cannot be used any longer.
class program_failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct program_limits {
  /// The longest wait for the program to send a line, or to read its input.
  std::chrono::milliseconds silence_max{60'000};
  std::size_t line_max = std::size_t{64} << 10U;  ///< bytes in one line
};

struct program_call {
  std::string path;
  std::vector<std::string> words;  ///< argv, whose first word is the program's name
  std::string
      display_name;  ///< the command in messages, which shorten it; must not contain secrets
};

class client_program {
 public:
  /// Throws std::system_error.
  client_program(program_call call, program_limits limits);
  /// Closes the program's input, kills the program if it still runs, and waits for its end.
  ~client_program();
  client_program(const client_program&) = delete;
  client_program& operator=(const client_program&) = delete;

  /// Sends `line` and a line end. Throws program_failed.
  void send_line(std::string_view line);
  /// Waits for the next line and returns it without its line end. Throws program_failed.
  [[nodiscard]] std::string read_line();
  /// The output that has arrived and that `read_line` has not returned. Does not wait.
  [[nodiscard]] std::string_view unread_output();

  [[nodiscard]] bool has_ended();
  /// Closes the program's input. A well-behaved program then ends.
  void end_input() noexcept;
  /// The name in messages: `program_call::shown`, shortened and in quotes.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  using moment = std::chrono::steady_clock::time_point;

  [[nodiscard]] bool wait_for(int descriptor, short events, moment deadline) const;
  /// Returns false at the end of the program's output, or if no output has arrived.
  bool read_more();
  [[noreturn]] void fail(const std::string& problem) const;
  [[nodiscard]] std::string ending();

  program_limits limits_;
  std::string name_;
  int input_ = -1;   // a socket: writing to a pipe without a reader would raise SIGPIPE
  int output_ = -1;  // a pipe
  pid_t pid_ = 0;
  std::optional<int> status_;
  std::string buffer_;
  bool has_output_ended_ = false;  // the program's output has ended
};

}  // namespace drover::simulate
