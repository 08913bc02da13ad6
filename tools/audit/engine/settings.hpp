// SPDX-License-Identifier: MIT
// The settings of the engine. The thresholds of a rule are in the file of the rule.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// `--role 'glob=lock|value|meta|mark|ignore'`: the role of keys whose name matches. It is then
/// not inferred.
struct role_rule {
  std::string glob;
  key_role role = key_role::ignored;
};

struct settings {
  std::vector<role_rule> roles;      ///< the first match applies
  std::vector<std::string> require;  ///< rules that must have been exercised, as "C206"
  std::optional<severity> fail_on = severity::error;  ///< nullopt: nothing fails
  std::string command;                                ///< the audited command, for the result

  /// Beyond this limit, the least recently used key is forgotten. A key takes about 1 KiB,
  /// including the state that rules keep for it.
  std::size_t keys_max = 200'000;
  /// Beyond this limit, all keys of new patterns are counted under one pattern, "(others)".
  std::size_t patterns_max = 4'096;
  std::size_t connections_max = 65'536;
  /// Recent commands kept for timelines: about 150 bytes each.
  std::size_t history_max = 131'072;
  /// Limits of the timeline. They keep audit.html to a few MiB.
  std::size_t timeline_operations_max = 20'000;
  std::size_t timeline_events_max = 2'000;
  std::size_t timeline_keys_max = 60;

  /// The audit is inconclusive if a larger share of the traffic could not be read.
  double blind_share_max = 0.01;
};

}  // namespace drover::audit
