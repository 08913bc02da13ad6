// SPDX-License-Identifier: MIT
// A private PostgreSQL server: a new cluster in a temporary folder, which logs every statement. It
// accepts connections only on a Unix socket in that folder. The destructor stops the server and
// removes the folder.
//
// PostgreSQL does not run as root. For root, the server runs as the user postgres or nobody.
//
// Threads: the main thread, while no other threads run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "process/child_process.hpp"
#include "process/scratch_folder.hpp"
#include "process/signal_watch.hpp"

namespace drover::process {

/// Finds the folder with `initdb` and `postgres`: `typed` if given, otherwise the folder in $PATH,
/// or the newest version in /usr/lib/postgresql. Returns nullopt if there is none.
[[nodiscard]] std::optional<std::filesystem::path> find_postgresql_programs(
    const std::optional<std::string>& typed);

class private_postgresql {
 public:
  /// Waits until the server answers. `connections` is the largest number of open connections.
  /// Throws std::runtime_error with the end of the server's log, and `interrupted`.
  private_postgresql(const std::filesystem::path& programs, unsigned connections,
                     const signal_watch& signals);
  ~private_postgresql();
  private_postgresql(const private_postgresql&) = delete;
  private_postgresql& operator=(const private_postgresql&) = delete;

  [[nodiscard]] std::string url() const;
  /// How often the prepared statement named `statement` was executed, according to the server's
  /// log.
  [[nodiscard]] std::uint64_t executed(std::string_view statement) const;
  [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }

 private:
  void make_cluster(const std::filesystem::path& programs, const signal_watch& signals);
  void start(const std::filesystem::path& programs, unsigned connections,
             const signal_watch& signals);
  void stop();
  [[nodiscard]] child_process::plan program(const std::filesystem::path& file) const;
  [[nodiscard]] std::string log() const;

  const std::optional<user> runs_as_;
  const scratch_folder folder_;
  std::optional<child_process> process_;
};

}  // namespace drover::process
