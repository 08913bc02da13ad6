// SPDX-License-Identifier: MIT
// A redis-server for one run: on a unix socket in the given folder and on no port, keeping nothing
// on disk. Threads: one at a time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "process/child_process.hpp"
#include "process/signal_watch.hpp"

namespace drover::simulate {

/// The program to run: the one that was asked for, else redis-server or redis-check-rdb from $PATH
/// (they are the same program, which goes by the name it is called by). Throws cli::usage_error,
/// saying what to install.
[[nodiscard]] std::filesystem::path find_redis_server(const std::optional<std::string>& asked_for);

class private_redis {
 public:
  /// Returns when it answers. Throws std::runtime_error with the end of its log, or `interrupted`.
  private_redis(const std::filesystem::path& program, const std::filesystem::path& folder,
                const signal_watch& signals);

  [[nodiscard]] std::string url() const { return "unix://" + socket_.string(); }
  /// nullopt while it runs.
  [[nodiscard]] std::optional<int> status() { return process_.status(); }

 private:
  [[nodiscard]] bool answers() const;
  [[nodiscard]] std::string end_of_log() const;

  std::filesystem::path socket_;
  std::filesystem::path log_;
  child_process process_;
};

}  // namespace drover::simulate
