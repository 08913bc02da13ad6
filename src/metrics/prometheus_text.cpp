// SPDX-License-Identifier: MIT
#include <drover/prometheus.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "metrics/label_value.hpp"

namespace drover {
namespace {

struct counter_metric {
  std::string_view name;
  std::string_view help;
  std::uint64_t cache_stats::*value;
};

constexpr counter_metric counter_metrics[] = {
    {"hits", "Calls served from a fresh entry.", &cache_stats::hits},
    {"stale_served", "Calls served from a stale entry within grace.", &cache_stats::stale_served},
    {"misses", "Calls that found nothing usable.", &cache_stats::misses},
    {"loads", "Runs of the loader, refreshes and bypasses included.", &cache_stats::loads},
    {"refreshes", "Runs of the loader while the old value is served.", &cache_stats::refreshes},
    {"early_refreshes", "Refreshes that began before the ttl ended.",
     &cache_stats::early_refreshes},
    {"bypasses", "Runs of the loader without Redis.", &cache_stats::bypasses},
    {"joins", "Calls that got the result of another caller's load.", &cache_stats::joins},
    {"loads_avoided", "Misses that were answered without a load of their own.",
     &cache_stats::loads_avoided},
    {"failures", "Runs of the loader that threw or took longer than load_max.",
     &cache_stats::failures},
    {"failures_shared", "Calls that got the failure of another caller's load.",
     &cache_stats::failures_shared},
    {"fills", "Loaded values that were stored.", &cache_stats::fills},
    {"fills_refused", "Values not stored: invalidated, taken over, or too late.",
     &cache_stats::fills_refused},
    {"not_stored", "Values not stored: too long, not encodable, or as the loader asked.",
     &cache_stats::not_stored},
    {"leases_granted", "Leases granted to this cache.", &cache_stats::leases_granted},
    {"leases_lost", "Leases taken over or invalidated during the load.", &cache_stats::leases_lost},
    {"take_overs", "Leases taken over from a holder that was gone.", &cache_stats::take_overs},
    {"corrupt_entries", "Entries that were foreign, damaged or undecodable.",
     &cache_stats::corrupt_entries},
    {"refused", "Calls ended by their own limit or by saturation.", &cache_stats::refused},
    {"refreshes_dropped", "Refreshes that found no thread in time.",
     &cache_stats::refreshes_dropped},
    {"invalidations", "Calls of invalidate.", &cache_stats::invalidations},
    {"invalidations_unknown", "Invalidations that Redis did not acknowledge; sent again.",
     &cache_stats::invalidations_unknown},
    {"invalidations_dropped", "Unacknowledged invalidations that are not sent again.",
     &cache_stats::invalidations_dropped},
    {"observer_faults", "Exceptions thrown by the observer.", &cache_stats::observer_faults},
};

void add_to(cache_stats& sum, const cache_stats& more) {
  for (const counter_metric& metric : counter_metrics) sum.*metric.value += more.*metric.value;
  for (std::size_t i = 0; i < sum.faults.size(); ++i) sum.faults[i] += more.faults[i];
  for (std::size_t i = 0; i < sum.waits.size(); ++i) sum.waits[i] += more.waits[i];
  sum.waits_us += more.waits_us;
}

void describe(std::string& out, const std::string& name, std::string_view type,
              std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void sample(std::string& out, std::string_view name, std::string_view labels,
            std::string_view value) {
  out.append(name).append("{").append(labels).append("} ").append(value).append("\n");
}

/// A number of thousandths or millionths, exactly: 1500 of 1000 is 1.5.
std::string fraction(std::uint64_t number, std::uint64_t parts) {
  std::string text = std::to_string(number / parts);
  std::string rest = std::to_string(parts + number % parts).substr(1);
  rest.erase(rest.find_last_not_of('0') + 1);
  return rest.empty() ? text : text + "." + rest;
}

std::string label(std::string_view name, std::string_view value) {
  return std::string{name} + "=\"" + metrics::label_value(value) + "\"";
}

/// `waits[i]` counts waits of at most 2^i ms; the last element all longer ones.
void add_waits(std::string& out, const std::string& labels, const cache_stats& stats) {
  const std::string name = "drover_cache_wait_seconds";
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < stats.waits.size(); ++i) {
    count += stats.waits[i];
    const bool is_last = i + 1 == stats.waits.size();
    const std::string limit = is_last ? "+Inf" : fraction(std::uint64_t{1} << i, 1000);
    sample(out, name + "_bucket", labels + ",le=\"" + limit + "\"", std::to_string(count));
  }
  sample(out, name + "_sum", labels, fraction(stats.waits_us, 1'000'000));
  sample(out, name + "_count", labels, std::to_string(count));
}

}  // namespace

void prometheus_text::add(std::string_view cache, const cache_stats& stats) {
  add_to(caches_[std::string{cache}], stats);
}

void prometheus_text::add(std::string_view client, const availability_report& report) {
  clients_[std::string{client}] = report.state;
}

void prometheus_text::append_to(std::string& out) const {
  if (!caches_.empty()) {
    for (const counter_metric& metric : counter_metrics) {
      const std::string name = "drover_cache_" + std::string{metric.name} + "_total";
      describe(out, name, "counter", metric.help);
      for (const auto& [cache, stats] : caches_) {
        sample(out, name, label("cache", cache), std::to_string(stats.*metric.value));
      }
    }
    describe(out, "drover_cache_faults_total", "counter", "Faults of Redis or of the connection.");
    for (const auto& [cache, stats] : caches_) {
      for (std::size_t i = 0; i < stats.faults.size(); ++i) {
        const std::string_view code = to_string(static_cast<fault_code>(i));
        sample(out, "drover_cache_faults_total", label("cache", cache) + "," + label("code", code),
               std::to_string(stats.faults[i]));
      }
    }
    describe(out, "drover_cache_wait_seconds", "histogram",
             "Waits of calls for the load of another caller.");
    for (const auto& [cache, stats] : caches_) add_waits(out, label("cache", cache), stats);
  }
  if (clients_.empty()) return;
  describe(out, "drover_client_state", "gauge", "1 for the present state of the server, else 0.");
  for (const auto& [client, present] : clients_) {
    for (const auto state : {availability::unknown, availability::available, availability::away,
                             availability::refused}) {
      sample(out, "drover_client_state",
             label("client", client) + "," + label("state", to_string(state)),
             state == present ? "1" : "0");
    }
  }
}

std::string prometheus_text::text() const {
  std::string out;
  append_to(out);
  return out;
}

}  // namespace drover
