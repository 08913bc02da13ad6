// SPDX-License-Identifier: MIT
#include "audit/engine/key_segments.hpp"

#include <algorithm>
#include <vector>

#include "audit/capture/key_pattern.hpp"

namespace drover::audit {

namespace {

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

std::string in_small_letters(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

bool is_only_star(std::string_view segment) {
  return segment.find_first_not_of("*-_.") == std::string_view::npos;
}

bool is_version_word(std::string_view segment) {
  return segment.size() >= 2 && segment.size() <= 3 && (segment[0] == 'v' || segment[0] == 'V') &&
         segment.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

}  // namespace

key_segments::key_segments(std::string_view name) : name_{name} {
  constexpr std::string_view usual = ":/|?#{}";
  std::string_view separators = usual;
  bool only_first = false;
  if (name.find_first_of(usual) == std::string_view::npos) {
    separators = name.find('.') != std::string_view::npos ? "." : "-_";
    only_first = separators != ".";
  }
  std::size_t at = 0;
  while (at <= name.size()) {
    const bool is_last = count_ + 1 == parts_.size() || (only_first && count_ == 1);
    const std::size_t end =
        is_last ? name.size() : std::min(name.find_first_of(separators, at), name.size());
    parts_[count_] = name.substr(at, end - at);
    // Two separators in a row enclose no segment, but text that is kept.
    if (end > at) ++count_;
    at = end + 1;
  }
}

std::string key_segments::starred(std::size_t place) const {
  const auto begin = static_cast<std::size_t>(parts_[place].data() - name_.data());
  std::string text{name_.substr(0, begin)};
  text += '*';
  text += name_.substr(begin + parts_[place].size());
  return text;
}

bool key_segments::others_vary(std::size_t place) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (i != place && parts_[i].find('*') != std::string_view::npos) return true;
  }
  return false;
}

bool is_meta_suffix(std::string_view word) {
  static constexpr auto words = std::to_array<std::string_view>(
      {"exp",     "expires",  "expiry",     "expire",    "expiration", "expires_at",
       "meta",    "metadata", "ts",         "time",      "timestamp",  "ver",
       "version", "created",  "created_at", "updated",   "stale",      "fresh",
       "soft",    "etag",     "delta",      "updated_at"});
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_named_like_a_mark(std::string_view name) {
  static constexpr auto words = std::to_array<std::string_view>(
      {"alive",    "ban",       "banned",    "blacklist", "blacklisted", "block",
       "blocked",  "blocklist", "cooldown",  "debounce",  "dedup",       "dedupe",
       "denylist", "disabled",  "enabled",   "feature",   "features",    "flag",
       "flags",    "heartbeat", "lastseen",  "lockout",   "maintenance", "muted",
       "nonce",    "notified",  "once",      "online",    "otp",         "paused",
       "ping",     "presence",  "processed", "ratelimit", "revocation",  "revoked",
       "seen",     "sent",      "stop",      "stopped",   "throttle",    "throttled",
       "typing",   "verified"});
  const std::string lower = in_small_letters(name);
  const std::vector<std::string_view> found = words_of(lower);
  return std::any_of(found.begin(), found.end(), [](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  });
}

bool may_vary(const key_segments& segments, std::size_t place) {
  const std::string_view segment = segments[place];
  if (segments.count() < 2 || is_only_star(segment) || is_version_word(segment)) return false;
  // "user:*" and "cart:*" are two patterns, and no family of "*:*".
  if (place == 0 && segments.others_vary(place)) return false;
  return !is_meta_suffix(in_small_letters(segment)) && !looks_like_lock(segment) &&
         !is_named_like_a_mark(segment);
}

bool is_like_an_id(std::string_view segment) {
  return std::any_of(segment.begin(), segment.end(), [](char c) {
    const bool is_word_letter = (c >= 'a' && c <= 'z') || c == '_';
    return !is_word_letter;
  });
}

}  // namespace drover::audit
