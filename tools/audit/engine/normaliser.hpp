// SPDX-License-Identifier: MIT
// Translates events into ops. For each connection, it remembers the watched keys and the values
// that the connection read from them.
//
// Invariant: its memory is bounded. An unknown command becomes a `change` of each key that it
// names.
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
  void add_script(const script_seen& script);
  void closed(std::uint64_t connection) { watchers_.erase(connection); }

  /// The ops of an event. They are valid until the next call, and no longer than `command`. A
  /// transaction that did not run has no ops, except that a delete of a watched key becomes a
  /// failed comparison.
  [[nodiscard]] std::span<const op> ops_of(const event& command, std::uint32_t process);

  /// The number of calls of scripts and functions.
  [[nodiscard]] std::uint64_t script_calls() const { return script_calls_; }
  /// The number of calls whose script body was never seen.
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
