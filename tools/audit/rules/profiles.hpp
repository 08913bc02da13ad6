// SPDX-License-Identifier: MIT
// The libraries that the auditor recognises by their traffic. A finding about such a library names
// the setting to change instead of the commands that the library sends.
//
// Recognition adds up points. A script or a key name that only this library uses is enough. Other
// key names also need the name of the client library. Threads: any, because all data is constant.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/engine/audit_result.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {

/// The shape of a key's name: all parts that are set must match.
struct key_shape {
  std::string_view begins;
  std::string_view contains;
  std::string_view ends;
  bool is_unique = false;    ///< only this library uses such names
  bool is_repeated = false;  ///< the text before `contains` is repeated after it
};

struct library_profile {
  std::string_view name;     ///< "dogpile.cache", as users call it
  std::string_view scripts;  ///< first word of `script_seen::known_as`; "" if it has no scripts
  std::string_view clients;  ///< client libraries that it uses, separated by spaces
  std::span<const key_shape> keys;
  /// A sentence on how the library prevents stampedes.
  std::string_view stampede_handling;
  /// The version that the profile was checked with.
  std::string_view checked_with;
  /// The library was run behind the auditor. Otherwise the profile comes from published sources.
  bool verified = false;
};

/// The traces of a library in the traffic of a finding.
struct library_traces {
  std::vector<std::string> clients;  ///< library names of the connections, "redis-py"
  std::vector<std::string> scripts;  ///< `known_as` of the scripts that used the keys
  std::vector<std::string> keys;     ///< names of the value and of its lock

  void merge(const library_traces& other) {
    clients.insert(clients.end(), other.clients.begin(), other.clients.end());
    scripts.insert(scripts.end(), other.scripts.begin(), other.scripts.end());
    keys.insert(keys.end(), other.keys.begin(), other.keys.end());
  }
};

/// All profiles.
[[nodiscard]] std::span<const library_profile> profiles();

/// The best match; nullptr if none has enough points. With equal points, the first in the list.
[[nodiscard]] const library_profile* find_library(const library_traces& traces);

/// What to change in the library for a rule; "": the library has no setting that concerns it.
[[nodiscard]] std::string_view setting_for(std::string_view library, const rule_definition& rule);

/// nullptr: no library has this name.
[[nodiscard]] const library_profile* profile_named(std::string_view name);

/// Sets the name, advice and fix prompt of a finding whose other fields are set. The texts come
/// from the catalogue and, if the library has a setting for the rule, from that setting. `library`
/// may be nullptr.
void complete(finding& finding, const library_profile* library);

/// The page docs/reference/audit-libraries.md.
[[nodiscard]] std::string profiles_page();

}  // namespace drover::audit
