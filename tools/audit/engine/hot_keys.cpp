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

/// It went away before, and came back by a load: losing it once more does no harm.
bool is_value_of_cache(const key_state& key, const rule_context& all) {
  const pattern_state& pattern = *key.pattern;
  const bool has_other_role = pattern.given_role && *pattern.given_role != key_role::value;
  return !has_other_role && !pattern.lock_name && all.is_cache_aside(pattern) &&
         key.there == key_state::presence::present && key.counts.misses > 0 &&
         key.counts.stores > 0 && key.counts.changes == 0 && key.counts.lost == 0 &&
         key.counts.stores <= key.counts.misses;
}

}  // namespace

void hot_keys::count_read(const event& command) {
  if (command.done - began_ >= window) {
    before_ = command.done - began_ < 2 * window ? std::exchange(now_, {}) : decltype(now_){};
    now_.clear();
    began_ = command.done;
  }
  if (std::find(reads.begin(), reads.end(), command.command) == reads.end()) return;
  for (const field& argument : command.arguments) {
    if (argument.kind != field_kind::key) continue;
    identity key{command.database, argument.text};
    const auto found = now_.find(key);
    if (found != now_.end()) {
      ++found->second;
    } else if (now_.size() < keys_max) {
      now_.emplace(std::move(key), 1);
    }
  }
}

std::vector<hot_key> hot_keys::choose(const rule_context& all,
                                      const std::vector<std::string>& allowed) const {
  std::map<std::string, hot_key> hottest;
  const double seconds = std::chrono::duration<double>(window).count();
  for (const auto& [key, count] : before_) {
    const double rate = static_cast<double>(count) / seconds;
    if (rate < reads_per_second_min || !is_allowed(key.second, allowed)) continue;
    const key_state* const state = all.find(key.first, key.second);
    if (state == nullptr || !is_value_of_cache(*state, all)) continue;
    hot_key& best = hottest[state->pattern->text];
    if (best.reads_per_second >= rate) continue;
    best = {key.first, key.second, state->pattern->text, rate, all.delta_of(*state->pattern)};
  }
  std::vector<hot_key> out;
  for (auto& [pattern, best] : hottest) out.push_back(std::move(best));
  return out;
}

}  // namespace drover::audit
