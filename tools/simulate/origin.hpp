// SPDX-License-Identifier: MIT
// The database behind the cache: an SQLite file whose query takes as long as it is told to, and
// whose own trace hook counts every statement that it runs. Nobody's belief is counted.
//
// A query sleeps in an SQL function and holds no lock but a reader's, so any number runs at once.
//
// Threads: `ask` from any thread; each query in progress has a connection of its own.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::simulate {

class board;

/// What the row of `key` says: made from the key, so that everybody can tell a wrong one.
[[nodiscard]] std::string row_for(std::string_view key);

/// Makes the file, with a row for each key. Throws std::runtime_error.
void create_origin(const std::filesystem::path& file, std::span<const std::string> keys);

class origin {
 public:
  /// Opens `connections` of them now, so that opening is not measured. Throws std::runtime_error.
  origin(const std::filesystem::path& file, board& log, std::chrono::milliseconds load,
         unsigned connections);
  ~origin();
  origin(const origin&) = delete;
  origin& operator=(const origin&) = delete;

  /// Runs the query. Throws std::runtime_error, also when there is no such row.
  [[nodiscard]] std::string ask(std::string_view key);

 private:
  class reader;

  [[nodiscard]] std::unique_ptr<reader> take();

  const std::filesystem::path file_;
  board& log_;
  const std::chrono::milliseconds load_;
  std::mutex guard_;
  std::vector<std::unique_ptr<reader>> idle_;  // guarded by guard_
};

}  // namespace drover::simulate
