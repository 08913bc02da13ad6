// SPDX-License-Identifier: MIT
// The log of one run of one strategy: every query, every call and every marker. Times count from
// the release, the instant at which the callers start.
//
// Threads: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace drover::simulate {

/// One query that the origin ran.
struct query_span {
  std::chrono::nanoseconds begun{};
  std::chrono::nanoseconds ended{};  ///< the end of the run for a query whose process was killed
  std::uint32_t key = 0;             ///< which of the run's keys, from 0
  std::uint32_t process = 0;         ///< which process of the herd asked, from 0
  bool is_ended = false;
  bool is_disturbed = false;  ///< its process was killed or frozen while it ran

  friend bool operator==(const query_span&, const query_span&) = default;
};

enum class answer : std::uint8_t {
  none,    ///< the call did not return: its process was killed, or the run ended
  value,   ///< the row, as it was written at some time
  absent,  ///< the answer that there is no such row
  wrong,   ///< a value of another key, a mangled one, or absent although there is a row
  error,   ///< the strategy threw
};

/// One call of a strategy's `get`.
struct call_span {
  std::chrono::nanoseconds begun{};
  std::chrono::nanoseconds ended{};  ///< the end of the run when `got` is none
  std::uint32_t key = 0;
  std::uint32_t process = 0;
  answer got = answer::none;
  /// The value is older than a change whose invalidation was acknowledged before the call began.
  bool is_stale = false;
  /// From the read of the row by the origin to the end of the call. Zero without a value.
  std::chrono::nanoseconds age{};
  bool is_disturbed = false;  ///< its process was killed or frozen: its duration means nothing

  friend bool operator==(const call_span&, const call_span&) = default;
};

enum class marker_kind : std::uint8_t {
  cold,    ///< the key has no fresh value any more, or never had one
  fault,   ///< something was broken: "process 2 killed"
  mended,  ///< it works again
  change,  ///< the row was changed and its key invalidated
};

struct timeline_marker {
  std::chrono::nanoseconds at{};
  marker_kind kind = marker_kind::cold;
  std::string text;  ///< in a few words

  friend bool operator==(const timeline_marker&, const timeline_marker&) = default;
};

struct run_record {
  std::vector<query_span> queries;       ///< those with a place in the log, by their beginning
  std::vector<call_span> calls;          ///< those with a place in the log, by their beginning
  std::vector<timeline_marker> markers;  ///< by time
  std::vector<std::chrono::nanoseconds> refusals;  ///< those with a place in the log, by time
  std::chrono::nanoseconds end{};                  ///< when the last caller returned
  // The logs are bounded. The counts below are complete.
  std::uint64_t queries_counted = 0;  ///< by the database, since the release
  std::uint64_t queries_asked = 0;    ///< by the tool's own count, since the release
  std::uint64_t fill_queries = 0;     ///< by the database, before the release
  std::uint64_t calls_made = 0;
  std::uint64_t calls_refused = 0;  ///< open loop only: no caller was free
  std::string first_error;          ///< of a caller; empty if there was none
};

}  // namespace drover::simulate
