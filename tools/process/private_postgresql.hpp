// SPDX-License-Identifier: MIT
// A PostgreSQL server of our own: a fresh cluster in a folder of its own, reached by a Unix socket
// there and in no other way, which logs every statement. Gone with this object, folder and all.
//
// It refuses to run as root: started by root, it runs as the user postgres, or nobody.
//
// Threads: the main thread, which no other runs beside while the server starts.
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

/// The folder with `initdb` and `postgres`: the one that was asked for, else one of $PATH, else
/// the newest where Debian keeps them. nullopt: there is none.
[[nodiscard]] std::optional<std::filesystem::path> find_postgresql_programs(
    const std::optional<std::string>& asked_for);

class private_postgresql {
 public:
  /// `connections`: how many may be open at once. Waits until it answers. Throws
  /// std::runtime_error with the end of the server's log, and `interrupted`.
  private_postgresql(const std::filesystem::path& programs, unsigned connections,
                     const signal_watch& signals);
  ~private_postgresql();
  private_postgresql(const private_postgresql&) = delete;
  private_postgresql& operator=(const private_postgresql&) = delete;

  [[nodiscard]] std::string url() const;
  /// How often the prepared statement of that name was executed so far, by the server's log.
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
