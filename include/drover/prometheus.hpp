// SPDX-License-Identifier: MIT
#pragma once

#include <drover/client.hpp>
#include <drover/stats.hpp>

#include <map>
#include <string>
#include <string_view>

namespace drover {

/// The metrics of caches and clients in the text format of Prometheus, without a library of
/// Prometheus. Fill a new one for each scrape:
///
///     drover::prometheus_text metrics;
///     metrics.add("user", users.stats());
///     metrics.add("redis", redis.availability());
///     respond(drover::prometheus_text::content_type, metrics.text());
///
/// The names of the metrics begin with `drover_cache_` and `drover_client_`.
///
/// Throws:  `std::bad_alloc`.
/// Threads: one thread at a time.
class prometheus_text {
 public:
  /// The value of the HTTP header `Content-Type`.
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  /// Adds the counters of a cache, with the label `cache`. Counters that are added under a name
  /// twice are summed up, such as those of a cache on two clients. Use names of your program,
  /// never keys: each name is stored by Prometheus for ever.
  void add(std::string_view cache, const cache_stats& stats);

  /// Adds the state of a client, with the label `client`. The last one of a name counts.
  void add(std::string_view client, const availability_report& report);

  /// Appends everything that was added. Each metric has one HELP and one TYPE line.
  void append_to(std::string& out) const;

  /// Everything that was added.
  [[nodiscard]] std::string text() const;

 private:
  std::map<std::string, cache_stats> caches_;
  std::map<std::string, availability> clients_;
};

}  // namespace drover
