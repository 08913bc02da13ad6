// SPDX-License-Identifier: MIT
// The pattern of a key: the parts of its name that vary from key to key become `*`, so that
// "user:42" and "user:43" both have the pattern "user:*". Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::audit {

/// Replaces numbers, UUIDs, hexadecimal words of at least eight characters (sixteen if they contain
/// letters only), base64 text and long words that mix letters and digits by `*`. Keeps the letters
/// around a number, and versions such as "v2". Cuts long patterns.
[[nodiscard]] std::string fold_key(std::string_view key);
/// Like `fold_key`, but reuses the memory of `out`.
void fold_key(std::string_view key, std::string& out);

/// The words and numbers in a name. Every ASCII character that is neither a letter nor a digit
/// separates them.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view key);

/// Whether the name contains a word such as lock, mutex or sem.
[[nodiscard]] bool looks_like_lock(std::string_view key);

/// A name split into its words, for many comparisons. It allocates no memory: of a name with more
/// than sixteen words it keeps the first fifteen and the last. Lifetime: the name outlives it.
class split_name {
 public:
  explicit split_name(std::string_view name);

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::span<const std::string_view> words() const { return {words_.data(), count_}; }
  /// Whether a word varies from key to key.
  [[nodiscard]] bool changes() const { return changes_; }
  [[nodiscard]] bool has(std::string_view word) const { return occurrences(word) > 0; }
  [[nodiscard]] std::size_t occurrences(std::string_view word) const;

 private:
  std::string_view name_;
  std::array<std::string_view, 16> words_;
  std::size_t count_ = 0;
  bool changes_ = false;
};

/// How well the name of a lock matches the name of a value. 3: it contains the name of the value.
/// 2: they share the part that varies. 1: they share a word. 0: they share nothing. -1: both have a
/// part that varies, and the parts differ: the lock does not guard this value.
[[nodiscard]] int affinity(const split_name& lock, const split_name& value);
[[nodiscard]] inline int affinity(std::string_view lock, std::string_view value) {
  return affinity(split_name(lock), split_name(value));
}

/// Whether the text matches a glob in the syntax of Redis: `*`, `?`, `[a-z]`, `[^a]` and backslash.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view text);

}  // namespace drover::audit
