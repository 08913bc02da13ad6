// SPDX-License-Identifier: MIT
// The pattern of a key's name: what changes from key to key becomes `*`, so that "user:42" and
// "user:43" are both "user:*". Pure text, no state.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::audit {

/// Numbers, hex of eight digits and more, UUIDs, long random words and hash tags fold into `*`;
/// letters around a number stay ("v2" is kept as it is: a version). Long names are cut.
[[nodiscard]] std::string fold_key(std::string_view key);
/// As `fold_key`, into a string whose room is used again.
void fold_key(std::string_view key, std::string& out);

/// The words and numbers a name is made of, split at `: . / | # _ - { }` and the like.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view key);

/// lock, mutex, sem, ... as a word of the name.
[[nodiscard]] bool looks_like_lock(std::string_view key);

/// A name and its words, split once to be compared with many. It stays on the stack: of more than
/// sixteen words those in the middle are left out. Lifetime: the name outlives it.
class split_name {
 public:
  explicit split_name(std::string_view name);

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::span<const std::string_view> words() const { return {words_.data(), count_}; }
  /// Whether one of them differs from key to key.
  [[nodiscard]] bool changes() const { return changes_; }
  [[nodiscard]] bool has(std::string_view word) const { return occurrences(word) > 0; }
  [[nodiscard]] std::size_t occurrences(std::string_view word) const;

 private:
  std::string_view name_;
  std::array<std::string_view, 16> words_;
  std::size_t count_ = 0;
  bool changes_ = false;
};

/// How well the name of a lock fits that of a value: 1 a shared word, 2 also the part that changes,
/// 3 the value's name is part of the lock's; 0 nothing is shared; -1 both have a part that changes,
/// and not the same: these two do not belong together.
[[nodiscard]] int affinity(const split_name& lock, const split_name& value);
[[nodiscard]] inline int affinity(std::string_view lock, std::string_view value) {
  return affinity(split_name(lock), split_name(value));
}

/// Redis's own: `*`, `?`, `[a-z]`, `[^a]`, backslash.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view text);

}  // namespace drover::audit
