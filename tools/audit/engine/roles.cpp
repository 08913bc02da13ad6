// SPDX-License-Identifier: MIT
#include "audit/engine/roles.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <unordered_map>

#include "audit/capture/key_pattern.hpp"
#include "audit/engine/key_segments.hpp"

namespace drover::audit {

namespace {

/// A pattern with at least this score is a lock.
constexpr int lock_score_min = 4;
/// Longer values are not tokens. A UUID in text has 36 bytes, and a host name may precede it.
constexpr std::uint64_t token_bytes_max = 128;
/// The longest value of a naive lock: "1", "locked", a number, a token.
constexpr std::uint64_t naive_token_max = 64;

struct scored {
  int score = 0;
  std::string why;

  void add(bool applies, int points, const char* reason) {
    if (!applies) return;
    score += points;
    if (points > 0) why += (why.empty() ? "" : ", ") + std::string(reason);
  }
};

scored lock_score(const pattern_state& p) {
  const op_counts& c = p.counts;
  scored s;
  s.add(c.won > 0, 1, "won with NX");
  s.add(c.lost > 0, 2, "lost to another client");
  s.add(c.compare_removes > 0, 3, "compared and deleted");
  s.add(p.lock_holds_removed > 0, 1, "deleted after it was won");
  s.add(p.lock_name, 2, "named like a lock");
  s.add(p.lock_holds_with_value > 0 && 2 * p.lock_holds_with_value >= p.lock_holds, 3,
        "held while a value was loaded");
  const bool never_deleted = c.removes + c.compare_removes == 0;
  s.add(never_deleted && !p.lock_name, -5, "");
  const std::uint64_t attempts = c.won + c.lost;
  s.add(c.hits > 3 * attempts && p.longest_value > 24 && !p.lock_name, -6, "");
  s.add(c.conditional_stores > 0, -6, "");
  // Too long for a token: a cached value that is stored with NX.
  s.add(p.longest_token > token_bytes_max && !p.lock_name, -6, "");
  // Other values than the tokens are stored over it: a value in whose key a mark stands while a
  // client loads.
  s.add(c.stores > 0 && c.hits > 0 && p.longest_value > p.longest_token, -6, "");
  // Lists, streams, sorted sets and counters are no locks.
  s.add(c.changes > 0, -6, "");
  return s;
}

/// A lock without NX: clients check it with EXISTS or GET, store it, load a value, and delete it.
bool is_naive_lock(const pattern_state& p) {
  const op_counts& c = p.counts;
  return p.lock_name && c.won + c.lost == 0 && p.plain_releases_after_load > 0 &&
         2 * p.plain_releases >= p.plain_sets && p.longest_value <= naive_token_max &&
         (c.exists > 0 || c.misses > 0);
}

/// Whether most of what is known about the keys comes from scripts that are not understood.
bool is_opaque(const pattern_state& p) {
  const op_counts& c = p.counts;
  return c.opaque > 0 && 10 * c.opaque >= c.misses + c.won + c.stores;
}

/// The same for keys with the name of a mark, on a busy machine.
constexpr moment named_gap_max = std::chrono::milliseconds{20};
/// A mark has few values, or values that nobody reads: the time at which it was set.
constexpr std::uint8_t mark_values_max = 2;
constexpr std::uint64_t mark_stores_min = 3;

/// A flag, a throttle, a sign of life: small values, of which there are few, or whose name says it,
/// and no load runs before they are set.
bool is_mark(const pattern_state& p) {
  if (p.value_stores == 0 || p.small_stores < p.value_stores || p.counts.changes > 0) return false;
  if (p.longest_value > mark_bytes_max) return false;
  const bool few = p.stored_different <= mark_values_max;
  const moment gap = p.load_time();  // 0: nobody stored after a miss
  if (few && gap > moment{} && gap < mark_gap_max && p.value_stores >= mark_stores_min) return true;
  const bool is_written = 10 * p.loads <= p.value_stores;  // hardly ever after a miss
  return (few || gap < named_gap_max || is_written) && is_named_like_a_mark(p.text);
}

bool is_value(const pattern_state& p) {
  const op_counts& c = p.counts;
  if (c.changes > c.stores + c.won || is_opaque(p)) return false;
  if (p.loads > 0 && c.hits + c.misses > 0) return true;
  return c.reads() > 0 && c.stores + c.won > 0 && c.changes <= c.stores + c.won;
}

bool is_separator(char c) {
  return c == ':' || c == '.' || c == '/' || c == '|' || c == '#' || c == '_' || c == '-' ||
         c == '@' || c == '~';
}

std::string number(std::uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun;
}

std::string why_value(const pattern_state& p) {
  return number(p.counts.hits, "hits, ") + number(p.counts.misses, "misses, ") +
         number(p.counts.stores + p.counts.won, "stores, ") +
         number(p.loads, "of them after a miss");
}

std::string why_lock(const pattern_state& p, const std::string& reasons) {
  return "won " + std::to_string(p.counts.won) + " times, lost " + std::to_string(p.counts.lost) +
         ", deleted " + std::to_string(p.counts.removes) + ", compared and deleted " +
         std::to_string(p.counts.compare_removes) + (reasons.empty() ? "" : ": ") + reasons;
}

/// The votes for patterns that were united count for the pattern that they became.
void count_votes_anew(pattern_state& lock, const std::deque<pattern_state>& patterns) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> votes;
  for (const auto& [voted, count] : lock.votes) {
    std::uint32_t index = voted;
    while (patterns[index].united) index = *patterns[index].united;
    const auto at = std::find_if(votes.begin(), votes.end(),
                                 [&](const auto& vote) { return vote.first == index; });
    if (at == votes.end()) {
      votes.emplace_back(index, count);
    } else {
      at->second += count;
    }
  }
  lock.votes = std::move(votes);
}

void pair_locks_with_values(std::deque<pattern_state>& patterns) {
  for (pattern_state& lock : patterns) {
    if (lock.role != key_role::lock) continue;
    count_votes_anew(lock, patterns);
    std::uint64_t best = 0;
    for (const auto& [index, votes] : lock.votes) {
      const pattern_state& value = patterns[index];
      if (value.role != key_role::value) continue;
      const int name_affinity = std::max(0, affinity(lock.text, value.text));
      const std::uint64_t weight = votes * 4 + static_cast<std::uint64_t>(name_affinity);
      if (weight <= best) continue;
      best = weight;
      lock.paired = index;
    }
    if (!lock.paired) {
      // No lock hold shows the value. Compare the names.
      int best_affinity = 1;
      for (const pattern_state& value : patterns) {
        if (value.role != key_role::value) continue;
        const int name_affinity = affinity(lock.text, value.text);
        if (name_affinity <= best_affinity) continue;
        best_affinity = name_affinity;
        lock.paired = value.index;
      }
    }
    if (lock.paired && !patterns[*lock.paired].paired) {
      patterns[*lock.paired].paired = lock.index;
    }
  }
}

void find_meta(std::deque<pattern_state>& patterns) {
  std::unordered_map<std::string_view, std::uint32_t> by_text;
  for (const pattern_state& p : patterns) {
    if (!p.united) by_text.emplace(p.text, p.index);
  }
  for (pattern_state& p : patterns) {
    if (p.given_role || p.role == key_role::lock || p.role == key_role::mark) continue;
    if (p.united) continue;
    const std::string_view described = described_by(p.text);
    const auto at = described.empty() ? by_text.end() : by_text.find(described);
    if (at == by_text.end() || at->second == p.index) continue;
    p.describes = at->second;
    p.role = key_role::meta;
    p.reason = "describes " + std::string(described);
  }
}

}  // namespace

std::string_view described_by(std::string_view pattern) {
  // The longest suffix counts: "expires_at", not "at".
  for (std::size_t at = 1; at + 1 < pattern.size(); ++at) {
    if (is_separator(pattern[at]) && is_meta_suffix(pattern.substr(at + 1))) {
      return pattern.substr(0, at);
    }
  }
  return {};
}

key_role role_so_far(const pattern_state& pattern) {
  if (pattern.given_role) return *pattern.given_role;
  const op_counts& c = pattern.counts;
  if (c.won + c.lost + c.compare_removes > 0 && lock_score(pattern).score >= lock_score_min) {
    return key_role::lock;
  }
  if (is_naive_lock(pattern)) return key_role::lock;
  if (is_mark(pattern)) return key_role::mark;
  return is_value(pattern) ? key_role::value : key_role::other;
}

role_guess guess_role(const pattern_state& pattern) {
  role_guess guess;
  guess.role = role_so_far(pattern);
  if (pattern.given_role) {
    guess.reason = "set by --role";
  } else if (guess.role == key_role::lock) {
    guess.reason = is_naive_lock(pattern)
                       ? "named like a lock, never with NX: stored, and deleted after a load"
                       : why_lock(pattern, lock_score(pattern).why);
  } else if (guess.role == key_role::mark) {
    guess.reason = "small values that are set without a load before";
  } else if (guess.role == key_role::value) {
    guess.reason = why_value(pattern);
  } else {
    guess.reason = pattern.counts.changes > 0
                       ? "used as a counter, a queue or a list"
                       : "neither read and stored like a value nor used as a lock";
  }
  return guess;
}

key_use use_so_far(const pattern_state& pattern) {
  if (pattern.united) return key_use::gone;
  const op_counts& c = pattern.counts;
  if (c.changes > 0) return key_use::counter;
  const key_role role = role_so_far(pattern);
  if (role == key_role::lock || pattern.lock_name) return key_use::lock;
  if (c.stores + c.won == 0) return key_use::undecided;
  const moment gap = pattern.load_time();
  const bool is_small = pattern.value_stores > 0 && pattern.small_stores == pattern.value_stores &&
                        pattern.longest_value <= mark_bytes_max;
  return role == key_role::mark || (is_small && gap < mark_gap_max) ? key_use::mark
                                                                    : key_use::value;
}

void settle_roles(std::deque<pattern_state>& patterns) {
  for (pattern_state& pattern : patterns) {
    if (pattern.united) {
      pattern.role = key_role::ignored;
      pattern.reason = "united with similar keys";
      continue;
    }
    role_guess guess = guess_role(pattern);
    pattern.role = guess.role;
    pattern.reason = std::move(guess.reason);
  }
  find_meta(patterns);
  pair_locks_with_values(patterns);
}

std::vector<role_line> role_lines(const std::deque<pattern_state>& patterns) {
  std::vector<role_line> lines;
  for (const key_role role : {key_role::value, key_role::lock, key_role::meta, key_role::mark,
                              key_role::other, key_role::ignored}) {
    for (const pattern_state& pattern : patterns) {
      if (pattern.role != role || pattern.keys == 0) continue;
      role_line line;
      line.pattern = pattern.text;
      line.role = role;
      line.keys = pattern.keys;
      line.reason = pattern.reason;
      if (pattern.paired) line.paired = patterns[*pattern.paired].text;
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

}  // namespace drover::audit
