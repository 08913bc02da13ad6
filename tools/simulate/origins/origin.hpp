// SPDX-License-Identifier: MIT
// The database behind the cache, seen from two sides: by the coordinator, who prepares it and asks
// it how many queries it ran, and by each process of the herd, which queries it.
//
// The database counts for itself. Where it can tell of each query as it runs it (SQLite's trace
// hook), its words fill the log; elsewhere the log is the tool's, and `counted` is the database's.
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

/// Where queries are written down as they begin and end. Threads: any.
class query_log {
 public:
  query_log() = default;
  virtual ~query_log() = default;
  query_log(const query_log&) = delete;
  query_log& operator=(const query_log&) = delete;

  /// Answers its place for `end`.
  [[nodiscard]] virtual std::size_t begin(std::string_view key) noexcept = 0;
  virtual void end(std::size_t place) noexcept = 0;
};

/// The coordinator's side. Threads: one at a time. What it made is gone with it: the private server
/// and its folder, or its own schema in somebody's database.
class origin_owner {
 public:
  origin_owner() = default;
  virtual ~origin_owner() = default;
  origin_owner(const origin_owner&) = delete;
  origin_owner& operator=(const origin_owner&) = delete;

  /// Makes the rows, each in version 1. Throws std::runtime_error.
  virtual void add_rows(std::span<const std::string> keys) = 0;
  /// What a process of the herd opens; safe on a command line of the same user.
  [[nodiscard]] virtual std::string address() const = 0;
  /// "SQLite 3.40.1", "PostgreSQL 15.20, private".
  [[nodiscard]] virtual std::string about() const = 0;
  /// How many queries the database says it ran since it was made, all clients being gone; nullopt
  /// where the log is already the database's own.
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
    bool fails = false;                 ///< it is to end in an error of the database's
  };
  /// Runs the query; the value, or nullopt without such a row. The row is as it was when the query
  /// began. Throws std::runtime_error.
  [[nodiscard]] virtual std::optional<std::string> ask(const query& what) = 0;
  /// Commits the row's next version and answers it. Makes no entry in the log. Throws
  /// std::runtime_error.
  virtual std::uint64_t change(std::string_view key) = 0;
};

/// Opens what `origin_owner::address` said, with `connections` ready, so that opening is not
/// measured. Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<origin> open_origin(const std::string& address, query_log& log,
                                                  unsigned connections);

}  // namespace drover::simulate
