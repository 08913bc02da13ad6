// SPDX-License-Identifier: MIT
// The long run: hours of requests for one key in virtual time, to see what each rule for renewing
// a value costs its origin, next to the analytic curve (long_run_curve.hpp).
//
// Requests are a Poisson process. A load takes exactly `load` and never fails. Each run is a
// function of its request alone: the same seed gives the same rows, whatever else is in the list.
//
// Pure: no clock, no thread, no output. Threads: values; a run uses the calling thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::simulate {

/// When a request loads, and what those do that come while a load runs.
enum class renewal : std::uint8_t {
  ttl,         ///< every request that finds no value loads
  ttl_lease,   ///< the first request that finds no value loads, the others wait for it
  xfetch,      ///< XFetch as in the paper: each request decides for itself, no lease
  xfetch_age,  ///< the same with the value's age in place of the load time: the article's fault
  drover,      ///< entry::is_due_early, then a refresh mark or a lease: one load at a time; grace 0
};

/// As on a command line and in JSON: "ttl", "ttl-lease", "xfetch", "xfetch-article",
/// "drover-strict".
[[nodiscard]] std::string_view name_of(renewal rule) noexcept;
/// As in a table.
[[nodiscard]] std::string_view title_of(renewal rule) noexcept;
/// All there are, in the order of a table.
[[nodiscard]] std::span<const renewal> all_renewals() noexcept;

struct long_run_request {
  std::chrono::milliseconds ttl{300'000};
  std::chrono::microseconds load{50'000};
  double beta = 1.0;
  std::vector<renewal> rules{all_renewals().begin(), all_renewals().end()};
  std::vector<double> rates{1.0, 10.0, 100.0, 1000.0};  ///< requests per second
  double hours = 10'000.0;                              ///< of traffic, for each rule and rate
  std::uint64_t seed = 1;
  /// Draws each single request, also those that cannot matter. Slow; the same in distribution.
  bool draws_every_request = false;
};

/// Why the request cannot be run, in words for its author; nothing when it can. The curve holds for
/// loads that are short against the ttl: load and beta * load must be at most ttl / 20.
[[nodiscard]] std::optional<std::string> fault_in(const long_run_request& request);

/// A mean as the simulation found it, its standard error, and the analytic value.
struct long_run_figure {
  double found = 0.0;
  double error = 0.0;
  double curve = 0.0;

  friend bool operator==(const long_run_figure&, const long_run_figure&) = default;
};

/// One rule at one rate. A cycle begins with the first load after a value was stored and goes on to
/// the beginning of the next.
struct long_run_row {
  renewal rule = renewal::ttl;
  double rate = 0.0;                 ///< requests per second
  double hours = 0.0;                ///< of whole cycles
  std::uint64_t cycles = 0;          ///< whole ones
  std::uint64_t loads = 0;           ///< in them; each is one query
  long_run_figure queries_per_hour;  ///< loads / hours
  long_run_figure interval;          ///< seconds, length of a cycle
  long_run_figure loads_per_cycle;
  long_run_figure missed;  ///< share of cycles begun by a request that found no value
  long_run_figure waited;  ///< share of cycles in which any request found no value
  long_run_figure lead;    ///< seconds from the first load to the value's end; 0 when missed

  friend bool operator==(const long_run_row&, const long_run_row&) = default;
};

struct long_run_progress {
  std::size_t rows_done = 0;
  std::size_t rows = 0;
  double share = 0.0;  ///< of the present row, 0 to 1
};

/// Told now and then, at least once a row. False ends the run: the rows done so far are returned.
using long_run_watcher = std::function<bool(const long_run_progress&)>;

/// Rows by rule, then by rate, in the order asked for. Requires that there is no `fault_in` it.
[[nodiscard]] std::vector<long_run_row> run_long(const long_run_request& request,
                                                 const long_run_watcher& watcher = {});

/// For people: 80 columns, ASCII, each line ended.
[[nodiscard]] std::string long_run_text(const long_run_request& request,
                                        const std::vector<long_run_row>& rows);

}  // namespace drover::simulate
