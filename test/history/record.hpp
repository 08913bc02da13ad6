// SPDX-License-Identifier: MIT
// One operation of a recorded run. Processes write their records while they run, and the checker
// reads the records of all processes afterwards. All processes run on one machine, so
// CLOCK_MONOTONIC orders their operations.
//
// `begin_ns` is taken before an operation and `end_ns` after it. An operation whose process was
// killed has no end.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace drover::history {

enum class action : std::uint8_t {
  nothing,
  get,              ///< a call of the cache
  write,            ///< a change of the origin to `version`
  invalidate,       ///< after the change to `version`
  expire,           ///< `cache::expire`: it ends leases, and promises no version
  load,             ///< a run of the loader, which read `version`
  fault,            ///< `detail` is the kind; `process` is the victim, or everyone
  connection_down,  ///< the process lost its connection
  process,          ///< the life of a process
};

enum class outcome : std::uint8_t {
  open,  ///< it has not ended
  // get
  fresh,
  stale,
  loaded,
  joined,
  bypassed,
  failed,    ///< it threw what the loader threw, or load_failed
  refused,   ///< it reached a limit
  mixed_up,  ///< the value belongs to another key, or is damaged
  // invalidate, write, load
  done,     ///< acknowledged; or the load returned
  unknown,  ///< not acknowledged
  threw,    ///< the load threw
  // process
  ended,
  killed,   ///< by the campaign
  crashed,  ///< by itself
  hung,     ///< it did not end when it was asked to
};

inline constexpr std::uint32_t everyone = std::numeric_limits<std::uint32_t>::max();

/// Flags of `record::flags`.
inline constexpr std::uint8_t is_refresh = 1;  ///< load: it refreshes a stale entry
inline constexpr std::uint8_t is_nested = 2;   ///< get: from within a loader
inline constexpr std::uint8_t is_proxied = 4;  ///< process: it is behind the fault proxy

struct record {
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;   ///< 0: it has not ended
  std::uint64_t load_id = 0;  ///< load: its number. get: the load that the value came from
  std::uint32_t key = 0;      ///< the cache in the high half
  std::uint32_t version = 0;
  std::uint32_t process = 0;
  std::uint32_t limit_ms = 0;  ///< get: its deadline; 0: none
  history::action action = history::action::nothing;
  history::outcome outcome = history::outcome::open;
  std::uint8_t detail = 0;
  std::uint8_t flags = 0;

  [[nodiscard]] bool has_ended() const noexcept { return end_ns != 0; }
  /// The end, or the end of time.
  [[nodiscard]] std::uint64_t last_ns() const noexcept {
    return has_ended() ? end_ns : std::numeric_limits<std::uint64_t>::max();
  }
};

[[nodiscard]] constexpr std::uint32_t key_of(std::uint32_t cache, std::uint32_t number) noexcept {
  return (cache << 16U) | number;
}
[[nodiscard]] constexpr std::uint32_t cache_of(std::uint32_t key) noexcept { return key >> 16U; }

[[nodiscard]] std::string to_string(action done);
[[nodiscard]] std::string to_string(outcome how);
/// One line for people. Times are in milliseconds since `origin_ns`.
[[nodiscard]] std::string describe(const record& shown, std::uint64_t origin_ns);

}  // namespace drover::history
