// SPDX-License-Identifier: MIT
// A private Redis or Valkey server. It listens only on a Unix socket in the given folder, and
// stores no data on disk. Threads: one at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "process/child_process.hpp"
#include "process/signal_watch.hpp"

namespace drover::process {

/// Finds the program to run: `typed` if given, otherwise the first of redis-server, valkey-server,
/// redis-check-rdb and valkey-check-rdb in $PATH. A server and its -check-rdb are the same program,
/// which acts by the name in argv[0]. Throws text::usage_error, which says what to install.
[[nodiscard]] std::filesystem::path find_redis_server(const std::optional<std::string>& typed);

class private_redis {
 public:
  /// Waits until the server answers. Throws std::runtime_error with the end of its log, or
  /// `interrupted`.
  private_redis(const std::filesystem::path& program, const std::filesystem::path& folder,
                const signal_watch& signals);

  [[nodiscard]] std::string url() const { return "unix://" + socket().string(); }
  /// The status of waitpid(2); nullopt while the server runs.
  [[nodiscard]] std::optional<int> status() { return process_->status(); }

  /// Kills the server with SIGKILL. Its data are lost.
  void kill();
  [[nodiscard]] bool is_killed() const noexcept { return is_killed_; }
  /// Starts the server again at the same address after `kill`. Throws like the constructor.
  void start_again(const signal_watch& signals);
  /// FLUSHALL. Throws std::runtime_error.
  void flush_all() const;

 private:
  [[nodiscard]] std::filesystem::path socket() const { return folder_ / "redis.sock"; }
  void start(const signal_watch& signals);
  /// Sends a request on a new connection. Returns whether the expected reply arrives within
  /// `limit`.
  [[nodiscard]] bool answers(std::string_view request, std::string_view expected,
                             std::chrono::seconds limit) const;

  const std::filesystem::path program_;
  const std::filesystem::path folder_;
  std::optional<child_process> process_;
  bool is_killed_ = false;
};

}  // namespace drover::process
