// SPDX-License-Identifier: MIT
// The database behind the cache, with two interfaces: the coordinator prepares the database and
// reads how many queries it ran, and each process of the herd queries it.
//
// The database counts its queries itself. SQLite's trace hook reports each query as it runs, and
// these reports fill the log. For PostgreSQL, the tool fills the log, and `counted` returns the
// database's own count.
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

/// Receives the beginning and the end of each query. Threads: any.
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

/// The coordinator's interface. The destructor removes the private server and its folder, or the
/// schema in a user's database. Threads: one at a time.
class origin_owner {
 public:
  origin_owner() = default;
  virtual ~origin_owner() = default;
  origin_owner(const origin_owner&) = delete;
  origin_owner& operator=(const origin_owner&) = delete;

  /// Creates a row for each key, in version 1. Throws std::runtime_error.
  virtual void add_rows(std::span<const std::string> keys) = 0;
  /// The argument of `open_origin` in the processes of the herd. They run as the same user and get
  /// it on their command line.
  [[nodiscard]] virtual std::string address() const = 0;
  /// "SQLite 3.40.1", "PostgreSQL 15.20, private".
  [[nodiscard]] virtual std::string about() const = 0;
  /// The database's own count of the queries that it ran since it was created. Requires that no
  /// client is connected. Returns nullopt if the database itself fills the log.
  [[nodiscard]] virtual std::optional<std::uint64_t> counted() = 0;
};

/// The interface for the processes of the herd. Each running query has its own connection. Threads:
/// any.
class origin {
 public:
  origin() = default;
  virtual ~origin() = default;
  origin(const origin&) = delete;
  origin& operator=(const origin&) = delete;

  struct query {
    std::string_view key;
    std::chrono::microseconds takes{};  ///< how long the statement runs in the database
    bool fails = false;                 ///< whether the database reports an error at its end
  };
  /// Runs the query. Returns the value, or nullopt if there is no such row. The database reads the
  /// row at the beginning of the query. Throws std::runtime_error.
  [[nodiscard]] virtual std::optional<std::string> ask(const query& request) = 0;
  /// Commits the next version of the row and returns its number. Adds no entry to the log. Throws
  /// std::runtime_error.
  virtual std::uint64_t change(std::string_view key) = 0;
};

/// Opens the origin at an `origin_owner::address`. It connects `connections` times at once, so that
/// queries do not include the time of a connect. Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<origin> open_origin(const std::string& address, query_log& log,
                                                  unsigned connections);

}  // namespace drover::simulate
