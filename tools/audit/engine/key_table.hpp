// SPDX-License-Identifier: MIT
// The keys and patterns of a run. The table holds at most `keys_max` keys and forgets the least
// recently used key for a new one. Patterns are never forgotten; all patterns beyond `patterns_max`
// share one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/engine/key_state.hpp"
#include "audit/engine/pattern_families.hpp"
#include "audit/engine/settings.hpp"

namespace drover::audit {

class key_table {
 public:
  using forget = std::function<void(key_state&)>;

  /// `forgotten` is called for a key just before it is forgotten.
  key_table(const settings& options, forget forgotten);

  /// From now on key names are "<hash of the pattern>:<hash of the key>".
  void hide_keys() { hidden_ = true; }

  /// The key of that name, added if it is new. It becomes the most recently used key. A new key may
  /// show that the keys of several patterns are one family, which unites these patterns.
  key_state& touch(std::uint32_t database, std::string_view name);
  [[nodiscard]] key_state* find(key_ref ref);
  [[nodiscard]] const key_state* find(key_ref ref) const;
  [[nodiscard]] const key_state* find(std::uint32_t database, std::string_view name) const;

  [[nodiscard]] std::deque<pattern_state>& patterns() { return patterns_; }
  [[nodiscard]] const std::deque<pattern_state>& patterns() const { return patterns_; }
  [[nodiscard]] std::size_t size() const { return by_name_.size(); }
  [[nodiscard]] std::uint64_t keys_seen() const { return key_count_; }
  /// The pattern itself, or that with which it was united.
  [[nodiscard]] pattern_state& now_at(std::uint32_t index);
  /// Something was seen of the use of a pattern: it may now be united with its siblings.
  void review(const pattern_state& pattern);
  /// The key is used in another way than the family to which its name belongs: as a counter, a lock
  /// or a mark. It gets a pattern of its own, or that of a family with this use.
  void separate(key_state& key, key_use use);
  /// Marks all keys of the database as absent (FLUSHDB), or those of all databases (FLUSHALL).
  void flush(std::uint32_t database, bool all);

  /// Calls `use` for all keys in the table, the most recently used first.
  template <class F>
  void for_each(F&& use) {
    for (std::uint32_t at = newest_; at != key_ref::nowhere; at = slots_[at]->older) {
      use(slots_[at]->key);
    }
  }

 private:
  /// A database and a name with their hash, so that a lookup in a bucket compares hashes first.
  struct identity {
    identity(std::uint32_t database_, std::string_view name_)
        : hash{std::hash<std::string_view>{}(name_) ^ (database_ * std::size_t{0x9E3779B1})},
          database{database_},
          name{name_} {}
    std::size_t hash;
    std::uint32_t database;
    std::string_view name;
    friend bool operator==(const identity&, const identity&) = default;
  };
  struct hasher {
    std::size_t operator()(const identity& key) const noexcept { return key.hash; }
  };
  struct slot {
    key_state key;
    std::uint32_t newer = key_ref::nowhere;
    std::uint32_t older = key_ref::nowhere;
  };

  key_state& insert(std::uint32_t database, std::string_view name);
  pattern_state& pattern_of(std::string_view name);
  pattern_state& add_pattern(std::string_view text, std::string_view name, std::string identity);
  void unite(const pattern_families::family& family);
  std::optional<key_role> given_role(std::string_view name) const;
  void unlink(std::uint32_t at);
  void link_newest(std::uint32_t at);

  const settings& settings_;
  forget forgotten_;
  bool hidden_ = false;
  std::uint64_t key_count_ = 0;
  std::uint32_t newest_ = key_ref::nowhere;
  std::uint32_t oldest_ = key_ref::nowhere;
  std::vector<std::unique_ptr<slot>> slots_;  // pointers, so that a key is never moved
  std::unordered_map<identity, std::uint32_t, hasher> by_name_;
  std::deque<pattern_state> patterns_;
  std::unordered_map<std::string, std::uint32_t> by_pattern_;
  pattern_families families_;
  std::string folded_;  // a buffer of pattern_of
};

}  // namespace drover::audit
