// SPDX-License-Identifier: MIT
#include "audit_events/known_scripts.hpp"

#include <algorithm>
#include <string>

#include "lease/scripts.hpp"

namespace drover::audit {
namespace {

using purpose = script_seen::purpose;
using success = script_seen::success;

/// Drover's own. A `lease` grants a right and stores it in the value's key; its reply is an array
/// that only Drover reads.
script_seen own_script(const lease::script& of) {
  script_seen out;
  out.script = of.sha1;
  out.known_as = "drover " + std::string{of.name};
  switch (of.id) {
    case lease::script_id::lease: out.does = purpose::unknown; break;
    case lease::script_id::renew:
      out.does = purpose::compare_and_expire;
      out.says = success::one;
      out.token_argument = 1;
      out.ttl_argument = 2;
      break;
    case lease::script_id::mark_extend:
      out.does = purpose::compare_and_expire;
      out.says = success::one;
      out.token_argument = 1;
      out.ttl_argument = 2;
      break;
    case lease::script_id::promote:
    case lease::script_id::fill:
    case lease::script_id::failure:
    case lease::script_id::expire:
      out.does = purpose::compare_and_store;
      out.token_argument = 1;
      break;
    case lease::script_id::release:
    case lease::script_id::mark_release:
      out.does = purpose::compare_and_delete;
      out.says = success::one;
      out.token_argument = 1;
      break;
  }
  return out;
}

}  // namespace

std::optional<script_seen> known_script(std::string_view sha1, std::string_view normalised) {
  (void)normalised;
  for (const lease::script& each : lease::scripts()) {
    if (each.sha1 == sha1) return own_script(each);
  }
  return std::nullopt;
}

}  // namespace drover::audit
