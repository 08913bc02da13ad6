// SPDX-License-Identifier: MIT
// An SQLite file as the origin. The statement of a query sleeps in an SQL function and holds only a
// read lock. The file is in WAL mode, so any number of queries in any number of processes can run
// while changes are committed. A statement reads the row as it was when the statement began.
//
// The database itself counts its queries: its trace hook reports the beginning and the end of each
// statement to the log, also if the statement fails.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "simulate/origins/connection_pool.hpp"
#include "simulate/origins/origin.hpp"

struct sqlite3;

namespace drover::simulate {

class sqlite_owner final : public origin_owner {
 public:
  /// Creates the file `origin.sqlite` in `folder`. The owner of the folder removes it. Throws
  /// std::runtime_error.
  explicit sqlite_owner(const std::filesystem::path& folder);
  ~sqlite_owner() override;

  void add_rows(std::span<const std::string> keys) override;
  [[nodiscard]] std::string address() const override;
  [[nodiscard]] std::string about() const override;
  [[nodiscard]] std::optional<std::uint64_t> counted() override { return std::nullopt; }

 private:
  const std::filesystem::path file_;
  const std::shared_ptr<sqlite3> database_;  // stays open; the constructor says why
};

class sqlite_origin final : public origin {
 public:
  /// Throws std::runtime_error.
  sqlite_origin(const std::filesystem::path& file, query_log& log, unsigned connections);
  ~sqlite_origin() override;

  [[nodiscard]] std::optional<std::string> ask(const query& request) override;
  std::uint64_t change(std::string_view key) override;

 private:
  class reader;
  class writer;

  connection_pool<reader> readers_;
  std::mutex change_mutex_;
  std::unique_ptr<writer> writer_;  // guarded by change_mutex_
};

}  // namespace drover::simulate
