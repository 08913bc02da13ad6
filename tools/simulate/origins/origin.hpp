// SPDX-License-Identifier: MIT
// The database behind the cache, from two sides: the coordinator prepares it and reads how many
// queries it ran, and each process of the herd queries it.
//
// The database counts its queries itself. Where it reports each query as it runs (SQLite's trace
// hook), those reports fill the log. Elsewhere the tool fills the log, and `counted` is the
// database's own number.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "simulate/origins/origin_address.hpp"

namespace drover::simulate {

/// The log of queries. Threads: any.
class query_log {
 public:
  query_log() = default;
  virtual ~query_log() = default;
  query_log(const query_log&) = delete;
  query_log& operator=(const query_log&) = delete;

  /// Returns the place to pass to `end`.
  [[nodiscard]] virtual std::size_t begin(std::string_view key) noexcept = 0;
  virtual void end(std::size_t place) noexcept = 0;
};

/// The coordinator's side. Threads: one at a time. Its destructor removes what it created: the
/// private server and its folder, or the schema in a user's database.
class origin_owner {
 public:
  origin_owner() = default;
  virtual ~origin_owner() = default;
  origin_owner(const origin_owner&) = delete;
  origin_owner& operator=(const origin_owner&) = delete;

  /// Creates the rows, each in version 1. Throws std::runtime_error.
  virtual void add_rows(std::span<const std::string> keys) = 0;
  /// For `open_origin` in a process of the herd. Safe on a command line of the same user.
  [[nodiscard]] virtual std::string address() const = 0;
  /// "SQLite 3.40.1", "PostgreSQL 15.20, private".
  [[nodiscard]] virtual std::string about() const = 0;
  /// How many queries the database ran since it was created, by its own count. Called when all
  /// clients are gone. nullopt where the database itself fills the log.
  [[nodiscard]] virtual std::optional<std::uint64_t> counted() = 0;
};

/// A process's side. Threads: any; each query in progress has a connection of its own.
class origin {
 public:
  origin() = default;
  virtual ~origin() = default;
  origin(const origin&) = delete;
  origin& operator=(const origin&) = delete;

  struct query {
    std::string_view key;
    std::chrono::microseconds takes{};  ///< in the database
    bool fails = false;                 ///< the database is to report an error
  };
  /// Runs the query. Returns the value, or nullopt if there is no such row. The row is read at the
  /// beginning of the query. Throws std::runtime_error.
  [[nodiscard]] virtual std::optional<std::string> ask(const query& request) = 0;
  /// Commits the row's next version and returns it. Adds no entry to the log. Throws
  /// std::runtime_error.
  virtual std::uint64_t change(std::string_view key) = 0;
};

/// Opens an `origin_owner::address`, with `connections` ready, so that connecting is not measured.
/// Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<origin> open_origin(const std::string& address, query_log& log,
                                                  unsigned connections);

}  // namespace drover::simulate
