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
  /// How long a loaded value is fresh, counted from the start of its load, however late the value
  /// reaches Redis. The exception: a value whose load took nearly the ttl or longer is fresh for up
  /// to 50 ms after the load, so that waiting callers get it. Required: no ttl suits every service,
  /// and no entry should live for ever by omission. Write `60s` or `500ms`: `60` has no unit and
  /// `0.5s` is not whole milliseconds, so neither compiles.
  duration ttl{};

  /// How long after its ttl a value may still be served, while a refresh runs or the origin fails.
  /// The stale value is in Redis only, so it cannot be served while Redis is away. Zero: values are
  /// never served stale. Off by default because serving old data is the user's choice.
  duration grace{};

  /// How long an absent value is fresh. One second absorbs a burst of requests for a missing row,
  /// and a new row still appears soon. Zero: the answer goes only to the callers that already wait.
  duration absent_ttl{std::chrono::seconds{1}};

  /// The eagerness of early expiration (XFetch's beta). 1 is the paper's optimum; larger refreshes
  /// earlier; zero turns it off. A refresh never starts more than ttl/4 before the end of the ttl.
  double early_beta = 1.0;

  /// Spreads the ends of entries that were written together: each ttl is shortened by a random
  /// fraction of itself, up to this one. 0.1 spreads a burst over a tenth of the ttl and costs
  /// about 5 % more loads. In [0, 1).
  double ttl_jitter = 0.1;

  /// How long a lease lasts without a renewal, and so how long a silent holder delays other
  /// processes. The holder renews the lease after each third of this time, so this does not limit
  /// the load. One second outlasts a pause like that of a garbage collector, and a frozen process
  /// delays others only briefly. Set the same value in all processes: a process with a shorter
  /// `lease_ttl` takes over from a holder that still renews at its own pace.
  duration lease_ttl{std::chrono::seconds{1}};

  /// The time limit of a load, counted from its grant, even if the load has not begun. After that
  /// its lease or turn is given back and its stop token fires. The waiters get `load_failed` or the
  /// stale value, and other callers may load. A late result goes to the load's own caller only and
  /// is not stored. This limit bounds every wait for a load.
  duration load_max{std::chrono::seconds{30}};

  /// The longest wait for a load that another caller runs; then `refused` is thrown. Zero: no limit
  /// except `load_max`. Off by default: the library prefers to delay a caller rather than refuse
  /// it.
  duration wait_max{};

  /// The number of loads at once, per cache and process, while Redis is away. A higher number
  /// protects availability, a lower one the origin; 8 keeps a fleet of 50 processes at 400 queries.
  /// A turn ends with its load, at the latest after `load_max`. Only outermost loads count: loads
  /// that a loader asks for, from this or another cache, share its turn.
  unsigned bypass_max = 8;

  /// The number of loads that may wait for such a turn, per cache and process. Any further call is
  /// `refused{saturated}`.
  std::size_t bypass_queue_max = 10'000;

  /// How long Redis remembers that the value of a key must not be stored. During that time each
  /// process runs one load of the key at a time and stores nothing, so that processes do not wait
  /// for one another's loads of a value that cannot be cached. Zero: Redis does not remember it,
  /// and processes load one after another.
  duration uncacheable_ttl{std::chrono::seconds{1}};

  /// The longest pause after failed loads, before it is varied by 20 %. The first pause is as long
  /// as the load (50 ms to 1 s), and it doubles with each failure in a row. Zero: no pause.
  duration failure_pause_max{std::chrono::seconds{5}};

  /// Stores up to 200 escaped bytes of a failure's text in Redis for other processes to report. Off
  /// by default: Redis may be shared, and error texts may hold private data.
  bool share_failure_text = false;
};

/// Describes the first error in a policy, with the field and the remedy. Returns nullopt when the
/// policy is valid.
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
