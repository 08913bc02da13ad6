// SPDX-License-Identifier: MIT
// A running program that is spoken to in lines, over its standard input and output. Its standard
// error is ours. It ends with this object; or with the thread that made it, should that end. It
// stays in our process group: what freezes or ends the group does so with the program.
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

/// The program did not keep to the conversation: it ended, fell silent, or said what it may not.
/// The text names the program and what it did. It is of no use any more.
class program_failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct program_limits {
  std::chrono::milliseconds silence_max{60'000};  ///< it owes us a line, or to read one of ours
  std::size_t line_max = std::size_t{64} << 10U;  ///< bytes of one line
};

struct program_call {
  std::string path;
  std::vector<std::string> words;  ///< the first is the name that it is called by
  std::string shown;  ///< in messages, shortened there; without what the words hold of secrets
};

class client_program {
 public:
  /// Throws std::system_error.
  client_program(program_call of, program_limits within);
  /// Ends its input and kills it if it still runs. Waits until it is gone.
  ~client_program();
  client_program(const client_program&) = delete;
  client_program& operator=(const client_program&) = delete;

  /// Throws program_failed.
  void tell(std::string_view line);
  /// The next line, without its end. Throws program_failed.
  [[nodiscard]] std::string hear();
  /// What has come that nobody has heard yet, as far as it is here.
  [[nodiscard]] std::string_view unheard();

  [[nodiscard]] bool has_ended();
  /// Well-behaved programs end when their input does.
  void end_input() noexcept;
  /// For messages: `shown`, in quotes and shortened.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  using moment = std::chrono::steady_clock::time_point;

  [[nodiscard]] bool wait_for(int descriptor, short events, moment deadline) const;
  /// False at the end of its output, or when nothing is there now.
  bool read_more();
  [[noreturn]] void fail(const std::string& problem) const;
  [[nodiscard]] std::string ending();

  program_limits within_;
  std::string name_;
  int to_ = -1;    // a socket, since a pipe would answer a program that is gone by SIGPIPE
  int from_ = -1;  // a pipe
  pid_t pid_ = 0;
  std::optional<int> status_;
  std::string heard_;
  bool is_over_ = false;  // its output has ended
};

}  // namespace drover::simulate
