// SPDX-License-Identifier: MIT
// The sums over all rounds of a campaign, as text and as JSON, and whether they prove anything.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "campaign/campaign_round.hpp"

namespace drover::campaign {

inline constexpr int exit_violation = 1;
inline constexpr int exit_no_evidence = 3;

struct campaign_report {
  std::uint64_t seed = 0;
  std::uint32_t processes = 0;
  std::uint64_t rounds = 0;
  double seconds = 0;
  /// Sums, except for names that end in `_max`.
  std::map<std::string, std::uint64_t> figures{};
  std::map<std::string, std::uint64_t> faults{};         ///< how many of each kind
  std::map<std::string, std::uint64_t> gets_by_fault{};  ///< gets that overlap one of the kind
  std::map<std::string, std::uint64_t> violations_by_property{};
  std::vector<std::string> violations{};  ///< the first ones, with the seed of the round

  void add(const round_result& round, std::uint64_t round_seed, double took_seconds);
  [[nodiscard]] std::uint64_t violation_count() const;
  /// What the run did not meet often enough. Empty: a run without violations proves something.
  [[nodiscard]] std::vector<std::string> missing_evidence() const;

  /// 0: no violation and enough evidence. Otherwise one of the constants below.
  [[nodiscard]] int exit_status() const;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string progress_line() const;
  /// Writes a new file and renames it, so that an interrupted run leaves the report before it.
  void write(const std::string& path) const;
  /// Throws std::runtime_error when the file is missing or is no report.
  [[nodiscard]] static campaign_report read(const std::string& path);
};

}  // namespace drover::campaign
