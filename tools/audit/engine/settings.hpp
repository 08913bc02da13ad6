// SPDX-License-Identifier: MIT
// What the engine is told before a run. Thresholds of a single rule stand with the rule.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// `--role 'glob=lock|value|meta|ignore'`: for keys whose name matches, in place of inference.
struct role_rule {
  std::string glob;
  key_role role = key_role::ignored;
};

struct settings {
  std::vector<role_rule> roles;      ///< the first match applies
  std::vector<std::string> require;  ///< rules that must have been exercised, as "C206"
  std::optional<severity> fail_on = severity::error;  ///< nullopt: nothing fails
  std::string command;                                ///< the audited command, for the result

  /// The least recently used key is forgotten. A key costs about 1 KiB, with what rules keep of it.
  std::size_t keys_max = 200'000;
  /// Keys of a further pattern are counted under one last pattern, "(others)".
  std::size_t patterns_max = 4'096;
  std::size_t connections_max = 65'536;
  /// Recent commands kept for timelines: about 150 bytes each.
  std::size_t history_max = 131'072;
  /// Of the timeline; audit.html stays below a few MiB with it.
  std::size_t timeline_operations_max = 20'000;
  std::size_t timeline_events_max = 2'000;
  std::size_t timeline_keys_max = 60;

  /// More than this share of the traffic unseen: no verdict.
  double blind_share_max = 0.01;
};

}  // namespace drover::audit
