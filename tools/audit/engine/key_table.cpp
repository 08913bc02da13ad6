// SPDX-License-Identifier: MIT
#include "audit/engine/key_table.hpp"

#include <algorithm>
#include <utility>

#include "audit/capture/key_pattern.hpp"

namespace drover::audit {

namespace {

/// The name of the pattern for all keys beyond `patterns_max`.
constexpr std::string_view other_patterns = "(others)";

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
  std::string identity_text = folded_;
  identity_text += '\n';
  identity_text += static_cast<char>('0' + (role ? static_cast<int>(*role) + 1 : 0));
  const auto at = by_pattern_.find(identity_text);
  if (at != by_pattern_.end()) return patterns_[at->second];
  const bool full = patterns_.size() + 1 >= settings_.patterns_max;
  if (full) identity_text = other_patterns;
  const auto other = by_pattern_.find(identity_text);
  if (other != by_pattern_.end()) return patterns_[other->second];
  pattern_state& pattern = patterns_.emplace_back();
  pattern.index = static_cast<std::uint32_t>(patterns_.size() - 1);
  pattern.text = full ? std::string(other_patterns) : folded_;
  pattern.first_key = name;
  if (full) {
    pattern.given_role = key_role::ignored;
  } else {
    pattern.given_role = role;
    pattern.lock_name = !hidden_ && looks_like_lock(name);
  }
  by_pattern_.emplace(std::move(identity_text), pattern.index);
  return pattern;
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
