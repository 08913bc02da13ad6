// SPDX-License-Identifier: MIT
// Libraries that are recognised by their traffic, so that a finding can name the setting to change
// instead of the commands the library sends.
//
// Recognition is a matter of points: a script that is the library's own is sure; so are key names
// that nobody else makes; other shapes need the client library's name beside them.
// Threads: all of it is constant.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/engine/audit_result.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {

/// How a key's name looks: all parts that are given must fit.
struct key_shape {
  std::string_view begins;
  std::string_view contains;
  std::string_view ends;
  bool sure = false;   ///< nobody else names keys so
  bool twice = false;  ///< what stands before `contains` is a part behind it as well
};

struct library_profile {
  std::string_view name;     ///< "dogpile.cache", as users call it
  std::string_view scripts;  ///< first word of `script_seen::known_as`; "" if it has none
  std::string_view clients;  ///< client library names it comes over, with blanks between
  std::span<const key_shape> keys;
  std::string_view does;     ///< what it does about stampedes, for people
  std::string_view checked;  ///< the version it was checked with
  bool verified = false;     ///< by running it; else built from its published sources
};

/// What is known of the traffic behind a finding.
struct library_traces {
  std::vector<std::string> clients;  ///< library names that connections gave, "redis-py"
  std::vector<std::string> scripts;  ///< `known_as` of the scripts that were called on the keys
  std::vector<std::string> keys;     ///< names: of the value and of its lock
};

/// All profiles.
[[nodiscard]] std::span<const library_profile> profiles();

/// The best one; nullptr if none is sure enough. On equal points the first in the list.
[[nodiscard]] const library_profile* recognised(const library_traces& traces);

/// What to change in the library for a rule; "": the library has no setting that concerns it.
[[nodiscard]] std::string_view setting_for(std::string_view library, const rule_definition& rule);

/// nullptr: none has this name.
[[nodiscard]] const library_profile* profile_named(std::string_view name);

/// Fills name, advice and fix prompt of a finding, whose rule, pattern, figures, message and
/// evidence are set, from the catalogue and, if the library has a setting for the rule, from its
/// profile. `library` may be nullptr.
void complete(finding& finding, const library_profile* library);

/// The page docs/reference/audit-libraries.md.
[[nodiscard]] std::string profiles_page();

}  // namespace drover::audit
