// SPDX-License-Identifier: MIT
// What one run of one strategy left behind, as it was logged: every query, every call, every mark.
// Times count from the release, the instant at which the callers were let go.
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
  std::chrono::nanoseconds ended{};  ///< of the run, for one whose process was killed meanwhile
  std::uint32_t key = 0;             ///< which of the run's keys, from 0
  std::uint32_t process = 0;         ///< which process of the herd asked, from 0
  bool is_ended = false;
  bool is_disturbed = false;  ///< its process was killed or frozen while it ran

  friend bool operator==(const query_span&, const query_span&) = default;
};

enum class answer : std::uint8_t {
  none,    ///< it never came back: its process was killed, or the run was over
  value,   ///< the row, as it was written at some time
  absent,  ///< "there is no such row"
  wrong,   ///< a value of another key, a mangled one, or absent although there is a row
  error,   ///< the strategy threw
};

/// One call of a strategy's `get`.
struct call_span {
  std::chrono::nanoseconds begun{};
  std::chrono::nanoseconds ended{};  ///< of the run, when `got` is none
  std::uint32_t key = 0;
  std::uint32_t process = 0;
  answer got = answer::none;
  /// The value is older than a change that the strategy had been told of, and had acknowledged,
  /// before the call began.
  bool is_stale = false;
  /// From the instant at which the origin read the row to the call's end. Zero without a value.
  std::chrono::nanoseconds age{};
  bool is_disturbed = false;  ///< its process was frozen meanwhile: how long it took says nothing

  friend bool operator==(const call_span&, const call_span&) = default;
};

enum class marker_kind : std::uint8_t {
  cold,    ///< the key has no fresh value any more, or never had one
  fault,   ///< something was broken: "process 2 killed"
  mended,  ///< and works again
  change,  ///< the row was changed and the strategy told
};

struct timeline_marker {
  std::chrono::nanoseconds at{};
  marker_kind kind = marker_kind::cold;
  std::string text;  ///< in a few words

  friend bool operator==(const timeline_marker&, const timeline_marker&) = default;
};

struct run_record {
  std::vector<query_span> queries;       ///< those the log had a place for, by their beginning
  std::vector<call_span> calls;          ///< those the log had a place for, by their beginning
  std::vector<timeline_marker> markers;  ///< by time
  std::vector<std::chrono::nanoseconds> refusals;  ///< those the log had a place for, by time
  std::chrono::nanoseconds end{};                  ///< when the last caller was back
  // The logs are bounded; what follows counts everything.
  std::uint64_t queries_counted = 0;  ///< by the database, since the release
  std::uint64_t queries_asked = 0;    ///< by the tool's own count, since the release
  std::uint64_t fill_queries = 0;     ///< by the database, before the release
  std::uint64_t calls_made = 0;
  std::uint64_t calls_refused = 0;  ///< open loop only: no caller was free to make them
  std::string first_error;          ///< of a caller; empty when there was none
};

}  // namespace drover::simulate
