// SPDX-License-Identifier: MIT
#include "audit/engine/key_table.hpp"

#include <algorithm>
#include <utility>

#include "audit/capture/key_pattern.hpp"
#include "audit/engine/roles.hpp"

namespace drover::audit {

namespace {

/// The name of the pattern for all keys beyond `patterns_max`.
constexpr std::string_view other_patterns = "(others)";

std::string identity_of(std::string_view text, std::optional<key_role> role) {
  std::string identity_text{text};
  identity_text += '\n';
  identity_text += static_cast<char>('0' + (role ? static_cast<int>(*role) + 1 : 0));
  return identity_text;
}

}  // namespace

key_table::key_table(const settings& options, forget forgotten)
    : settings_(options), forgotten_(std::move(forgotten)) {}

std::optional<key_role> key_table::given_role(std::string_view name) const {
  for (const role_rule& rule : settings_.roles) {
    if (glob_matches(rule.glob, name)) return rule.role;
  }
  return std::nullopt;
}

pattern_state& key_table::pattern_of(std::string_view name) {
  if (hidden_) {
    folded_ = name.substr(0, name.find(':'));
  } else {
    fold_key(name, folded_);
  }
  const std::optional<key_role> role = given_role(name);
  // Keys of one pattern that have different roles by `--role` get separate pattern states.
  std::string identity_text = identity_of(folded_, role);
  const auto at = by_pattern_.find(identity_text);
  if (at != by_pattern_.end()) return now_at(at->second);
  const bool may_learn = !hidden_ && !role;
  if (const auto home = may_learn ? families_.home_of(folded_) : std::nullopt) {
    return now_at(*home);
  }
  if (patterns_.size() + 1 >= settings_.patterns_max) {
    const auto other = by_pattern_.find(std::string(other_patterns));
    if (other != by_pattern_.end()) return patterns_[other->second];
    pattern_state& others = add_pattern(other_patterns, name, std::string(other_patterns));
    others.given_role = key_role::ignored;
    return others;
  }
  pattern_state& pattern = add_pattern(folded_, name, std::move(identity_text));
  pattern.given_role = role;
  pattern.lock_name = !hidden_ && looks_like_lock(name);
  if (!may_learn) return pattern;
  const std::uint32_t index = pattern.index;
  const auto use = [this](std::uint32_t i) { return use_so_far(patterns_[i]); };
  if (const auto family = families_.add(pattern.text, index, use)) unite(*family);
  return now_at(index);
}

pattern_state& key_table::add_pattern(std::string_view text, std::string_view name,
                                      std::string identity) {
  pattern_state& pattern = patterns_.emplace_back();
  pattern.index = static_cast<std::uint32_t>(patterns_.size() - 1);
  pattern.text = text;
  pattern.first_key = name;
  by_pattern_.emplace(std::move(identity), pattern.index);
  return pattern;
}

pattern_state& key_table::now_at(std::uint32_t index) {
  while (patterns_[index].united) index = *patterns_[index].united;
  return patterns_[index];
}

void key_table::unite(const pattern_families::family& family) {
  const auto use = [this](std::uint32_t i) { return use_so_far(patterns_[i]); };
  std::optional<pattern_families::family> next = family;
  while (next) {
    const pattern_families::family current = std::move(*next);
    next.reset();
    const std::string identity_text = identity_of(current.text, std::nullopt);
    const auto known = by_pattern_.find(identity_text);
    pattern_state* whole = known == by_pattern_.end() ? nullptr : &now_at(known->second);
    const key_use used = whole == nullptr ? key_use::undecided : use_so_far(*whole);
    if (used != key_use::undecided && used != current.use) whole = nullptr;
    const bool is_new = whole == nullptr;
    if (is_new) {
      const std::string first_key = patterns_[current.members.front()].first_key;
      // Families of one name and different uses are told apart.
      const std::string identity_of_use =
          known == by_pattern_.end()
              ? identity_text
              : identity_text + static_cast<char>('a' + static_cast<int>(current.use));
      whole = &add_pattern(current.text, first_key, identity_of_use);
      whole->lock_name = patterns_[current.members.front()].lock_name;
    }
    whole->is_family = true;
    for (const std::uint32_t member : current.members) {
      if (member != whole->index) whole->absorb(patterns_[member]);
    }
    families_.learnt(current, whole->index);
    if (is_new) next = families_.add(whole->text, whole->index, use);
  }
  for (const std::unique_ptr<slot>& entry : slots_) {
    pattern_state* const pattern = entry->key.pattern;
    if (pattern != nullptr && pattern->united) entry->key.pattern = &now_at(pattern->index);
  }
}

void key_table::review(const pattern_state& pattern) {
  if (hidden_ || pattern.given_role || pattern.is_family || pattern.united) return;
  const auto use = [this](std::uint32_t i) { return use_so_far(patterns_[i]); };
  if (const auto family = families_.review(pattern.text, use)) unite(*family);
}

void key_table::separate(key_state& key, key_use use) {
  fold_key(key.name, folded_);
  pattern_state* home = nullptr;
  if (const auto index = families_.home_of(folded_, use)) {
    home = &now_at(*index);
  } else {
    std::string identity_text = identity_of(folded_, std::nullopt);
    // A key that the family was learnt from, or one name too many, stays.
    if (by_pattern_.contains(identity_text) || patterns_.size() + 1 >= settings_.patterns_max) {
      return;
    }
    home = &add_pattern(folded_, key.name, std::move(identity_text));
    home->lock_name = looks_like_lock(key.name);
    // It is noted, so that many of them become a family as well.
    const auto use_now = [this](std::uint32_t i) { return use_so_far(patterns_[i]); };
    const std::uint32_t own = home->index;
    if (const auto family = families_.add(home->text, own, use_now)) unite(*family);
    home = &now_at(own);
  }
  if (key.pattern == home) return;
  key.pattern->keys -= std::min<std::uint64_t>(key.pattern->keys, 1);
  key.pattern = home;
  ++home->keys;
}

void key_table::unlink(std::uint32_t at) {
  slot& entry = *slots_[at];
  (entry.newer == key_ref::nowhere ? newest_ : slots_[entry.newer]->older) = entry.older;
  (entry.older == key_ref::nowhere ? oldest_ : slots_[entry.older]->newer) = entry.newer;
}

void key_table::link_newest(std::uint32_t at) {
  slot& entry = *slots_[at];
  entry.newer = key_ref::nowhere;
  entry.older = newest_;
  if (newest_ != key_ref::nowhere) slots_[newest_]->newer = at;
  newest_ = at;
  if (oldest_ == key_ref::nowhere) oldest_ = at;
}

key_state& key_table::insert(std::uint32_t database, std::string_view name) {
  ++key_count_;
  std::uint32_t at = 0;
  if (slots_.size() < std::max<std::size_t>(settings_.keys_max, 1)) {
    at = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(std::make_unique<slot>());
  } else {
    at = oldest_;
    key_state& old = slots_[at]->key;
    forgotten_(old);
    by_name_.erase(identity{old.database, old.name});
    unlink(at);
    const std::uint32_t generation = old.ref.generation;
    old = key_state{};
    old.ref.generation = generation + 1;
  }
  key_state& key = slots_[at]->key;
  key.ref.slot = at;
  key.name = name;
  key.database = database;
  key.pattern = &pattern_of(name);
  ++key.pattern->keys;
  by_name_.emplace(identity{database, key.name}, at);
  link_newest(at);
  return key;
}

key_state& key_table::touch(std::uint32_t database, std::string_view name) {
  const auto entry = by_name_.find(identity{database, name});
  if (entry == by_name_.end()) return insert(database, name);
  const std::uint32_t at = entry->second;
  if (at != newest_) {
    unlink(at);
    link_newest(at);
  }
  return slots_[at]->key;
}

key_state* key_table::find(key_ref ref) {
  if (ref.slot >= slots_.size()) return nullptr;
  key_state& key = slots_[ref.slot]->key;
  return key.ref == ref ? &key : nullptr;
}

const key_state* key_table::find(key_ref ref) const {
  if (ref.slot >= slots_.size()) return nullptr;
  const key_state& key = slots_[ref.slot]->key;
  return key.ref == ref ? &key : nullptr;
}

const key_state* key_table::find(std::uint32_t database, std::string_view name) const {
  const auto entry = by_name_.find(identity{database, name});
  return entry == by_name_.end() ? nullptr : &slots_[entry->second]->key;
}

void key_table::flush(std::uint32_t database, bool all) {
  for (const std::unique_ptr<slot>& entry : slots_) {
    if (!all && entry->key.database != database) continue;
    entry->key.state = key_state::presence::absent;
    entry->key.has_ttl = false;
  }
}

}  // namespace drover::audit
