// SPDX-License-Identifier: MIT
// Events to ops. Knows of a connection what is needed for that: the keys it WATCHes, and what it
// read of them.
//
// Invariant: bounded; a command that is not known gives `change` for each key it names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "audit/capture/record.hpp"
#include "audit/engine/op.hpp"

namespace drover::audit {

class normaliser {
 public:
  void begun(const capture_begun& begun) { unix_ms_ = begun.unix_ms; }
  void seen(const script_seen& script);
  void closed(std::uint64_t connection) { watchers_.erase(connection); }

  /// Valid until the next call, and as long as `what`. Nothing for a command of a transaction that
  /// did not run, but for a watched delete: that is a comparison that failed.
  [[nodiscard]] std::span<const op> ops_of(const event& command, std::uint32_t process);

  /// Calls of scripts and functions, and those of them whose body was never seen.
  [[nodiscard]] std::uint64_t script_calls() const { return script_calls_; }
  [[nodiscard]] std::uint64_t opaque_calls() const { return opaque_calls_; }

 private:
  struct watched_key {
    std::string key;
    digest last_read;
  };
  struct watcher {
    std::vector<watched_key> keys;
    std::uint64_t ended_by = 0;  ///< the transaction whose EXEC ended the watch
  };
  static constexpr std::size_t watchers_max = 10'000;
  static constexpr std::size_t watched_max = 64;
  static constexpr std::size_t scripts_max = 10'000;
  static constexpr std::size_t names_max = 1'000;

  void watch(const event& command);
  void apply_watch(const event& command);
  void add_script_ops(const event& command, const op& start);
  std::string_view name_of(const std::string& command);

  std::int64_t unix_ms_ = 0;
  std::uint64_t script_calls_ = 0;
  std::uint64_t opaque_calls_ = 0;
  std::vector<op> ops_;
  std::unordered_map<std::uint64_t, watcher> watchers_;
  std::unordered_map<std::string, script_seen> scripts_;
  std::unordered_set<std::string> names_;
};

}  // namespace drover::audit
