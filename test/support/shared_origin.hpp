// SPDX-License-Identifier: MIT
// An origin that counts, shared by processes: per key a version that each write increases, how
// often it was loaded, and how many loads ran at once. A load reads the version first and takes its
// time afterwards, so that what it returns may be old by then, as with a real database.
//
// The table lies in a mapped file and is found by a hash of the key: tests use few keys.
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

/// What a load throws that was told to fail.
struct origin_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class shared_origin {
 public:
  shared_origin();                                  ///< a new one, in a file of its own
  explicit shared_origin(const std::string& path);  ///< that of another process
  ~shared_origin();
  shared_origin(const shared_origin&) = delete;
  shared_origin& operator=(const shared_origin&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// One load: `<version>:<key>`, or nullopt while the key is absent.
  [[nodiscard]] std::optional<std::string> load(std::string_view key);
  /// One write. Returns the new version.
  std::uint64_t write(std::string_view key);
  [[nodiscard]] static std::string text_of(std::string_view key, std::uint64_t version);
  /// The version in a loaded text, if that is a text of `key`.
  [[nodiscard]] static std::optional<std::uint64_t> version_in(std::string_view text,
                                                               std::string_view key);

  // --- how loads behave from now on
  void set_load_time(std::chrono::milliseconds time);  ///< of all keys
  void set_busy(bool is);  ///< loads burn their time instead of sleeping
  /// Loads up to the `last`-th of this key do not end before `let_go`. For a minute at most.
  void hold(std::string_view key, std::uint64_t last = UINT64_MAX);
  void let_go(std::string_view key);
  void let_all_go();
  void set_failing(std::string_view key, bool is);  ///< loads throw origin_failure
  void set_absent(std::string_view key, bool is);

  // --- what has been
  [[nodiscard]] std::uint64_t version(std::string_view key) const;
  [[nodiscard]] std::uint64_t loads(std::string_view key) const;
  [[nodiscard]] std::uint64_t loads() const;  ///< of all keys
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
  void take_time(const row& of, std::uint64_t number) const;

  std::string path_;
  bool is_owner_ = false;
  table* table_ = nullptr;
};

}  // namespace drover::test
