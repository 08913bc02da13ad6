// SPDX-License-Identifier: MIT
// The log of one run of one strategy: queries, calls and markers. Times count from the release,
// which is the instant at which the callers start.
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
  std::chrono::nanoseconds ended{};  ///< the end of the run if `is_ended` is false
  std::uint32_t key = 0;             ///< number of the key in the run, from 0
  std::uint32_t process = 0;         ///< number of the process that sent the query, from 0
  bool is_ended = false;             ///< false: the process was killed before the query ended
  bool is_disturbed = false;         ///< the process was killed or frozen while the query ran

  friend bool operator==(const query_span&, const query_span&) = default;
};

enum class answer : std::uint8_t {
  none,    ///< the call did not return: its process was killed, or the run ended
  value,   ///< a value that the row has, or had earlier
  absent,  ///< absent, and the key has no row
  wrong,   ///< the value of another key, a corrupt value, or absent although the key has a row
  error,   ///< the strategy threw an exception
};

/// One call of a strategy's `get`.
struct call_span {
  std::chrono::nanoseconds begun{};
  std::chrono::nanoseconds ended{};  ///< the end of the run when `outcome` is none
  std::uint32_t key = 0;
  std::uint32_t process = 0;
  answer outcome = answer::none;
  /// The value is older than a change whose invalidation was acknowledged before the call began.
  bool is_stale = false;
  /// From the origin's read of the row to the end of the call. Zero without a value.
  std::chrono::nanoseconds age{};
  bool is_disturbed = false;  ///< the process was killed or frozen: the duration means nothing

  friend bool operator==(const call_span&, const call_span&) = default;
};

enum class marker_kind : std::uint8_t {
  cold,    ///< the key no longer has a fresh value, or never had one
  fault,   ///< the scenario broke something: "process 2 is killed"
  mended,  ///< the broken part works again
  change,  ///< the row was changed and its key invalidated
};

struct timeline_marker {
  std::chrono::nanoseconds at{};
  marker_kind kind = marker_kind::cold;
  std::string text;  ///< the event in a few words

  friend bool operator==(const timeline_marker&, const timeline_marker&) = default;
};

struct run_record {
  // The logs have a limited size. They are sorted by time.
  std::vector<query_span> queries;
  std::vector<call_span> calls;
  std::vector<timeline_marker> markers;
  std::vector<std::chrono::nanoseconds> refusals;
  std::chrono::nanoseconds end{};  ///< when the last call or query ended
  // The counts are complete.
  std::uint64_t queries_counted = 0;  ///< since the release, counted by the database
  std::uint64_t queries_asked = 0;    ///< since the release, counted by the tool
  std::uint64_t fill_queries = 0;     ///< before the release
  std::uint64_t calls_made = 0;
  std::uint64_t calls_refused = 0;  ///< open loop only: arrivals that found no free caller
  std::string first_error;          ///< of a call or of the writer; empty if there was none
};

}  // namespace drover::simulate
