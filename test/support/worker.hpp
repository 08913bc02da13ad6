// SPDX-License-Identifier: MIT
// One process of a fleet: test/integration/process/worker.cpp, which gets its commands line by
// line. It ends with this object, or with the thread that started it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "support/cached_origin.hpp"

namespace drover::test {

/// Threads: one at a time. Throws std::runtime_error when the process does not answer.
class worker {
 public:
  worker(const std::string& program, const shared_origin& origin, const cache_setup& setup);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// Prepares `threads` threads that all get `key` at `go`.
  void poise(unsigned threads, std::string_view key);
  void go();
  [[nodiscard]] tally result();
  /// `poise`, `go` and the answers in one call.
  tally get(unsigned threads, std::string_view key);
  void start(unsigned threads, std::string_view key);  ///< `poise` and `go`

  [[nodiscard]] bool invalidate(std::string_view key);  ///< true: it was acknowledged
  /// A counter of cache_stats by its name.
  [[nodiscard]] std::uint64_t stat(std::string_view name);
  /// The number of events of this kind in the process.
  [[nodiscard]] std::uint64_t events(event_kind kind);

  void send(const std::string& line);
  [[nodiscard]] std::string read_line();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int which) const;
  void kill9();
  /// Asks it to exit. Returns its exit status: 0 unless the process or a sanitizer reports an
  /// error.
  [[nodiscard]] int quit();

 private:
  pid_t pid_ = 0;
  int wire_ = -1;
  std::string unread_;
};

}  // namespace drover::test
