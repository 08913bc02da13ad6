// SPDX-License-Identifier: MIT
// Tokens by number, and short texts for what a flight asks for and how it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "fetch/flight.hpp"

namespace drover::fetch::testing {

inline entry::token numbered(unsigned number) {
  entry::token out;
  out.bytes.back() = static_cast<char>(number);
  return out;
}

inline std::string text_of(const entry::token& token) {
  return "#" + std::to_string(static_cast<unsigned char>(token.bytes.back()));
}

inline std::string text_of(const action& requested) {
  constexpr const char* names[] = {"lease",       "renew",       "fill",         "failure",
                                   "release",     "uncacheable", "release_late", "mark",
                                   "mark_extend", "mark_pause",  "mark_release", "promote",
                                   "want_turn",   "return_turn", "offer_lead",   "lease_lost",
                                   "stop_load",   "let_go",      "finish"};
  std::string out = names[static_cast<std::size_t>(requested.kind)];
  if (requested.kind < action_kind::want_turn) out += " " + text_of(requested.attempt);
  if (!requested.other.is_none()) out += " over " + text_of(requested.other);
  if (requested.kind == action_kind::let_go) out += " from " + std::to_string(requested.from_stamp);
  if (requested.kind == action_kind::send_failure) out += " x" + std::to_string(requested.attempts);
  return out;
}

inline std::string text_of(const actions& many) {
  std::string out;
  for (const action& requested : many) out += (out.empty() ? "" : ", ") + text_of(requested);
  return out;
}

inline std::string text_of(const ending& end) {
  constexpr const char* names[] = {"read",      "loaded",    "failed here", "failed elsewhere",
                                   "timed out", "dissolved", "not begun",   "saturated"};
  std::string out = names[static_cast<std::size_t>(end.outcome)];
  if (end.without_redis) out += " without redis";
  out += " for ";
  out += end.stamp_limit == UINT64_MAX ? "everyone"
                                       : "those before " + std::to_string(end.stamp_limit);
  return end.is_dropped ? out + ", dropped" : out;
}

}  // namespace drover::fetch::testing
