// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace drover {

/// The unit of every time in this library's interface: whole milliseconds. `60s`, `500ms` and
/// `10min` convert to it (`using namespace std::chrono_literals`). Two forms do not compile: `60`,
/// because a bare number has no unit, and `0.5s`, because a fraction may be lost. Write `500ms`, or
/// convert with `std::chrono::duration_cast<drover::duration>(...)`.
using duration = std::chrono::milliseconds;

/// The times and limits of one cache. Only `ttl` has no default. All times are in milliseconds.
///
/// Threads: a value; copy it.
struct policy {
  /// How long a loaded value is fresh, counted from the start of its load. Required: there is no
  /// ttl that suits every service, and "for ever" should not be chosen by omission. Write `60s` or
  /// `500ms`: `60` has no unit and `0.5s` is not whole milliseconds, so neither compiles.
  duration ttl{};

  /// How long after its ttl a value may still be served, while a refresh runs or the origin fails.
  /// The value is in Redis only: while Redis is away there is no copy to serve. Zero: values are
  /// never served stale. Off by default because serving old data is the user's choice.
  duration grace{};

  /// How long "there is no such thing" is remembered. One second stops a burst of questions for a
  /// missing row and is short enough that a row just created appears. Zero: remembered only for the
  /// callers that already wait.
  duration absent_ttl{std::chrono::seconds{1}};

  /// The eagerness of early expiration (XFetch's beta). 1 is the paper's optimum; larger refreshes
  /// earlier; zero turns it off. A refresh starts at most ttl/4 early, whatever is drawn.
  double early_beta = 1.0;

  /// Spreads the ends of entries that were written together: each ttl is shortened by up to this
  /// part of it. 0.1 spreads a burst over a tenth of the ttl and costs about 5 % more loads. In
  /// [0, 1).
  double ttl_jitter = 0.1;

  /// How long a silent holder keeps others waiting. Renewed every third while the load runs, so it
  /// is no limit on the load: one second survives a garbage-collection-sized pause and keeps an
  /// outage of a frozen process short. The same in all processes: one with a shorter lease takes
  /// over from a holder that renews at its own pace.
  duration lease_ttl{std::chrono::seconds{1}};

  /// The longest time for a load, counted from its grant, even if it has not begun. After that its
  /// lease or turn is given back and its stop token fires. The waiters get `load_failed` or the
  /// stale value, and other callers may load. A late result goes to the load's own caller only and
  /// is not stored. Bounds every wait for a load.
  duration load_max{std::chrono::seconds{30}};

  /// The longest wait for a load that another caller runs; then `refused` is thrown. Zero: no limit
  /// except `load_max`. Off by default: the library delays a caller rather than refuse it.
  duration wait_max{};

  /// The number of loads at once, per cache and process, while Redis is away. A higher number
  /// protects availability, a lower one the origin; 8 keeps a fleet of 50 processes at 400 queries.
  /// A turn ends with its load, at the latest after `load_max`. Only outermost loads count: loads
  /// that a loader asks for, from this or another cache, share its turn.
  unsigned bypass_max = 8;

  /// The number of loads that wait for such a turn, per cache and process. Beyond it a call is
  /// `refused{saturated}`.
  std::size_t bypass_queue_max = 10'000;

  /// How long "do not store" is remembered in Redis. During that time each process runs one load of
  /// the key at a time and stores nothing, so that processes do not wait for one another's loads of
  /// a value that cannot be cached. Zero: not remembered; processes then load one after another.
  duration uncacheable_ttl{std::chrono::seconds{1}};

  /// The longest pause after failed loads, before it is varied by 20 %. The first pause is as long
  /// as the load (50 ms to 1 s), and it doubles with each failure in a row. Zero: no pause.
  duration failure_pause_max{std::chrono::seconds{5}};

  /// Stores up to 200 escaped bytes of a failure's text in Redis for other processes to report. Off
  /// by default: Redis may be shared, and error texts may hold private data.
  bool share_failure_text = false;
};

/// The first error in a policy, with the field and the remedy; nullopt when there is none.
///
/// Throws:  `std::bad_alloc`.
/// Threads: safe from any thread.
[[nodiscard]] std::optional<std::string> validate(const policy& checked);

/// The former name of `validate`; removed in 0.2.0.
[[deprecated("use validate")]] [[nodiscard]] inline std::optional<std::string> complaint_about(
    const policy& checked) {
  return validate(checked);
}

}  // namespace drover
