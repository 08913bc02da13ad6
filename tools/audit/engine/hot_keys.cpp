// SPDX-License-Identifier: MIT
#include "audit/engine/hot_keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "audit/capture/key_pattern.hpp"

namespace drover::audit {
namespace {

constexpr std::array<std::string_view, 7> reads{"GET",   "MGET", "GETEX",   "HGETALL",
                                                "HMGET", "HGET", "GETRANGE"};

bool is_allowed(std::string_view name, const std::vector<std::string>& globs) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return glob_matches(glob, name);
         });
}

/// True if the value was missed before and then loaded, so that losing it again does no harm.
bool is_value_of_cache(const key_state& key, const rule_context& context) {
  const pattern_state& pattern = *key.pattern;
  const bool has_other_role = pattern.given_role && *pattern.given_role != key_role::value;
  return !has_other_role && !pattern.lock_name && context.is_cache_aside(pattern) &&
         key.state == key_state::presence::present && key.counts.misses > 0 &&
         key.counts.stores > 0 && key.counts.changes == 0 && key.counts.lost == 0 &&
         key.counts.stores <= key.counts.misses;
}

}  // namespace

void hot_keys::count_read(const event& command) {
  if (command.done - window_began_ >= window) {
    last_window_ = command.done - window_began_ < 2 * window ? std::exchange(current_window_, {})
                                                             : decltype(current_window_){};
    current_window_.clear();
    window_began_ = command.done;
  }
  if (std::find(reads.begin(), reads.end(), command.command) == reads.end()) return;
  for (const field& argument : command.arguments) {
    if (argument.kind != field_kind::key) continue;
    identity key{command.database, argument.text};
    const auto count = current_window_.find(key);
    if (count != current_window_.end()) {
      ++count->second;
    } else if (current_window_.size() < keys_max) {
      current_window_.emplace(std::move(key), 1);
    }
  }
}

std::vector<hot_key> hot_keys::choose(const rule_context& context,
                                      const std::vector<std::string>& allowed) const {
  std::map<std::string, hot_key> hottest;
  const double seconds = std::chrono::duration<double>(window).count();
  for (const auto& [key, count] : last_window_) {
    const double rate = static_cast<double>(count) / seconds;
    if (rate < reads_per_second_min || !is_allowed(key.second, allowed)) continue;
    const key_state* const state = context.find(key.first, key.second);
    if (state == nullptr || !is_value_of_cache(*state, context)) continue;
    hot_key& best = hottest[state->pattern->text];
    if (best.reads_per_second >= rate) continue;
    best = {key.first, key.second, state->pattern->text, rate, context.delta_of(*state->pattern)};
  }
  std::vector<hot_key> chosen;
  for (auto& [pattern, best] : hottest) chosen.push_back(std::move(best));
  return chosen;
}

}  // namespace drover::audit
