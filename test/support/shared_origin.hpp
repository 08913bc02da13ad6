// SPDX-License-Identifier: MIT
// An origin with counters, shared by processes. For each key it has a version that each write
// increases, the number of loads, and the number of loads at once. A load first reads the version
// and then takes its time, so that its result may be old, as with a real database.
//
// The table is in a mapped file, indexed by a hash of the key: tests use few keys.
// Threads: any, of any process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace drover::test {

/// The exception of a load that was set to fail.
struct origin_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class shared_origin {
 public:
  shared_origin();                                  ///< makes a new origin in its own file
  explicit shared_origin(const std::string& path);  ///< opens the origin of another process
  ~shared_origin();
  shared_origin(const shared_origin&) = delete;
  shared_origin& operator=(const shared_origin&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// One load: `<version>:<key>`, or nullopt while the key is absent.
  [[nodiscard]] std::optional<std::string> load(std::string_view key);
  /// One write. Returns the new version.
  std::uint64_t write(std::string_view key);
  [[nodiscard]] static std::string text_of(std::string_view key, std::uint64_t version);
  /// The version in a loaded text, if the text belongs to `key`.
  [[nodiscard]] static std::optional<std::uint64_t> version_in(std::string_view text,
                                                               std::string_view key);

  // --- the behaviour of loads from now on
  void set_load_time(std::chrono::milliseconds time);  ///< for all keys
  void set_busy(bool is);  ///< loads burn their time instead of sleeping
  /// Loads of this key up to number `last` do not end before `let_go`. The hold lasts at most a
  /// minute.
  void hold(std::string_view key, std::uint64_t last = UINT64_MAX);
  void let_go(std::string_view key);
  void let_all_go();
  void set_failing(std::string_view key, bool is);  ///< loads throw origin_failure
  void set_absent(std::string_view key, bool is);

  // --- counters
  [[nodiscard]] std::uint64_t version(std::string_view key) const;
  [[nodiscard]] std::uint64_t loads(std::string_view key) const;
  [[nodiscard]] std::uint64_t loads() const;  ///< for all keys
  [[nodiscard]] unsigned running(std::string_view key) const;
  [[nodiscard]] unsigned running() const;
  [[nodiscard]] unsigned running_max(std::string_view key) const;
  [[nodiscard]] unsigned running_max() const;
  /// The process that began the latest load of `key`.
  [[nodiscard]] pid_t last_loader(std::string_view key) const;

 private:
  struct table;
  struct row;
  [[nodiscard]] row& at(std::string_view key) const;
  void map(int descriptor);
  void take_time(const row& entry, std::uint64_t number) const;

  std::string path_;
  bool is_owner_ = false;
  table* table_ = nullptr;
};

}  // namespace drover::test
