// SPDX-License-Identifier: MIT
// What the application did while the tool let its server fail: whether it served its callers,
// whether it recovered, and how much it asked of the server and of the origin.
//
// An outage is judged only if the application served its callers just before: otherwise its checks
// say nothing about the outage.
//
// Invariant: its memory is bounded. Checks beyond the limit are not kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/capture/record.hpp"
#include "audit/engine/outage_result.hpp"

namespace drover::audit {

class outage_book {
 public:
  static constexpr std::size_t outages_max = 64;
  static constexpr std::size_t checks_max = 200'000;
  static constexpr std::size_t failures_max = 20;
  /// So many checks in a row show that the application serves its callers.
  static constexpr std::size_t steady_min = 3;
  /// So many checks during an outage show how the application bears it.
  static constexpr std::size_t checks_min = 2;
  /// An application has to recover within this time.
  static constexpr moment recovery_limit = std::chrono::seconds{10};

  /// In the order of time.
  void add(const outage_planned& planned);
  void add(const application_checked& check);
  void add_command(moment sent, bool is_read);
  void add_connection(std::uint64_t connection, moment at);
  void add_loads(moment at, std::uint64_t count);

  [[nodiscard]] bool is_empty() const { return outages_.empty(); }
  [[nodiscard]] bool has_checks() const { return !checks_.empty(); }
  /// Whether the origin reported loads at all.
  [[nodiscard]] bool has_loads() const { return has_loads_; }
  /// The traffic before the first outage.
  [[nodiscard]] const traffic_counts& calm() const { return calm_; }
  /// The outages that began before `now`.
  [[nodiscard]] std::vector<outage_result> results(moment now) const;

 private:
  struct planned_outage {
    outage_planned plan;
    traffic_counts traffic;
  };

  /// The traffic to which a moment belongs; nullptr: to none that is compared.
  [[nodiscard]] traffic_counts* traffic_at(moment at);
  [[nodiscard]] std::string reason_not_to_judge(const outage_result& outage, moment now) const;
  void count_checks(outage_result& outage) const;
  void find_recovery(outage_result& outage, moment until, moment now) const;

  std::vector<planned_outage> outages_;
  std::vector<application_checked> checks_;  // in the order of `from`
  std::optional<moment> first_command_;
  std::uint64_t last_connection_ = 0;
  bool has_loads_ = false;
  traffic_counts calm_;
};

}  // namespace drover::audit
