// SPDX-License-Identifier: MIT
#include "audit/capture/key_pattern.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace drover::audit {

namespace {

/// Longer patterns are cut, because names come from outside.
constexpr std::size_t pattern_bytes_max = 160;
/// Shorter hexadecimal words may be ordinary words ("add", "cafe").
constexpr std::size_t hex_min = 8;
/// Words of at least this length that contain letters and digits are identifiers.
constexpr std::size_t random_min = 12;
/// Encoded text is at least this long, or this long if it ends with padding.
constexpr std::size_t encoded_min = 16;
constexpr std::size_t padded_min = 8;
/// Encoded text changes between small letters, capitals and digits at this share of its characters.
constexpr double encoded_changes_min = 0.4;
/// A part of a name between two joints, of at least this length and without such a change, is a
/// word.
constexpr std::size_t plain_part_min = 5;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_word_part(char c) { return is_digit(c) || is_name_letter(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The length of the UUID at the start of `text`; 0: there is none.
std::size_t uuid_length(std::string_view text) {
  constexpr std::array<std::size_t, 5> groups{8, 4, 4, 4, 12};
  std::size_t at = 0;
  for (const std::size_t group : groups) {
    if (at > 0) {
      if (at >= text.size() || text[at] != '-') return 0;
      ++at;
    }
    for (std::size_t i = 0; i < group; ++i, ++at) {
      if (at >= text.size() || !is_hex(text[at])) return 0;
    }
  }
  return at < text.size() && is_word_part(text[at]) ? 0 : at;
}

bool is_joint(char c) { return c == '+' || c == '/' || c == '-' || c == '_'; }
bool is_encoding(char c) {
  return is_joint(c) || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// 0: a digit, 1: a small letter, 2: a capital, 3: another character.
int class_of(char c) {
  if (is_digit(c)) return 0;
  if (c >= 'a' && c <= 'z') return 1;
  return c >= 'A' && c <= 'Z' ? 2 : 3;
}

/// The length of the base64 text at the start of `text`, in either alphabet and with its padding;
/// 0: there is none.
std::size_t encoded_length(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_encoding(text[end])) ++end;
  std::size_t padding = 0;
  while (padding < 2 && end + padding < text.size() && text[end + padding] == '=') ++padding;
  const bool is_padded = padding > 0 && (end + padding) % 4 == 0 && end + padding >= padded_min;
  if (end < encoded_min && !is_padded) return 0;
  if (end + padding < text.size() && is_word_part(text[end + padding])) return 0;
  std::array<std::size_t, 4> seen{};
  std::size_t changes = 0;
  std::size_t part = 0;
  std::size_t part_changes = 0;
  for (std::size_t i = 0; i < end; ++i) {
    ++seen[static_cast<std::size_t>(class_of(text[i]))];
    if (is_joint(text[i])) {
      if (part >= plain_part_min && part_changes == 0) return 0;
      part = part_changes = 0;
      continue;
    }
    const bool is_change =
        part > 0 && class_of(text[i]) != class_of(text[i - 1]) &&
        !(part == 1 && class_of(text[i]) == 1 && class_of(text[i - 1]) == 2);  // "Name"
    ++part;
    if (is_change) ++part_changes;
    if (is_change) ++changes;
  }
  if (part >= plain_part_min && part_changes == 0) return 0;
  if (seen[1] == 0 || seen[2] == 0 || (seen[0] == 0 && !is_padded)) return 0;
  return static_cast<double>(changes) >= encoded_changes_min * static_cast<double>(end)
             ? end + padding
             : 0;
}

bool changes_as_a_whole(std::string_view word) {
  const bool digits = std::any_of(word.begin(), word.end(), is_digit);
  const bool letters = std::any_of(word.begin(), word.end(), is_name_letter);
  if (!letters) return true;
  if (word.size() >= hex_min && std::all_of(word.begin(), word.end(), is_hex)) {
    return digits || word.size() >= 2 * hex_min;
  }
  return digits && word.size() >= random_min;
}

/// Whether the word is a version such as "v2". It does not vary from key to key.
bool is_version(std::string_view word) {
  return word.size() >= 2 && word.size() <= 3 && lower(word[0]) == 'v' &&
         std::all_of(word.begin() + 1, word.end(), is_digit);
}

void put_star(std::string& out) {
  if (out.empty() || out.back() != '*') out += '*';
}

void fold_word(std::string_view word, std::string& out) {
  if (is_version(word)) {
    out += word;
  } else if (changes_as_a_whole(word)) {
    put_star(out);
  } else {
    for (const char c : word) {
      if (is_digit(c)) {
        put_star(out);
      } else {
        out += c;
      }
    }
  }
}

std::string lower_letters(std::string_view word) {
  std::string out;
  for (const char c : word) {
    if (is_name_letter(c)) out += lower(c);
  }
  return out;
}

bool is_lock_word(std::string_view word) {
  static constexpr std::array<std::string_view, 12> exact{
      "lock", "locks", "locked", "locking",   "lck", "mutex",
      "mtx",  "sem",   "sema",   "semaphore", "dlm", "singleflight"};
  static constexpr std::array<std::string_view, 4> other{"block", "clock", "unlock", "stock"};
  const std::string letters = lower_letters(word);
  if (std::find(exact.begin(), exact.end(), letters) != exact.end()) return true;
  const auto ends = [&](std::string_view suffix) {
    return letters.size() > suffix.size() && letters.ends_with(suffix);
  };
  if (!ends("lock") && !ends("mutex")) return false;
  return std::none_of(other.begin(), other.end(),
                      [&](std::string_view ending) { return letters.ends_with(ending); });
}

/// Whether the word varies from key to key of one pattern.
bool is_changing(std::string_view word) {
  return !is_version(word) && std::any_of(word.begin(), word.end(), is_digit);
}

template <class F>
void for_each_word(std::string_view key, F&& use) {
  std::size_t at = 0;
  while (at < key.size()) {
    std::size_t end = at;
    while (end < key.size() && is_word_part(key[end])) ++end;
    if (end > at) use(key.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

void fold_key(std::string_view key, std::string& out) {
  out.clear();
  std::size_t at = 0;
  while (at < key.size() && out.size() < pattern_bytes_max) {
    const bool is_begin = at == 0 || !is_encoding(key[at - 1]);
    if (const std::size_t length = is_begin ? encoded_length(key.substr(at)) : 0; length > 0) {
      put_star(out);
      at += length;
      continue;
    }
    if (!is_word_part(key[at])) {
      out += key[at++];
      continue;
    }
    if (const std::size_t uuid = uuid_length(key.substr(at)); uuid > 0) {
      put_star(out);
      at += uuid;
      continue;
    }
    std::size_t end = at;
    while (end < key.size() && is_word_part(key[end])) ++end;
    fold_word(key.substr(at, end - at), out);
    at = end;
  }
  if (out.size() > pattern_bytes_max) out.resize(pattern_bytes_max);
}

std::string fold_key(std::string_view key) {
  std::string out;
  fold_key(key, out);
  return out;
}

std::vector<std::string_view> words_of(std::string_view key) {
  std::vector<std::string_view> words;
  for_each_word(key, [&](std::string_view word) { words.push_back(word); });
  return words;
}

bool looks_like_lock(std::string_view key) {
  const std::vector<std::string_view> words = words_of(key);
  return std::any_of(words.begin(), words.end(), is_lock_word);
}

split_name::split_name(std::string_view name) : name_{name} {
  for_each_word(name, [&](std::string_view word) {
    if (count_ < words_.size()) ++count_;
    words_[count_ - 1] = word;  // keeps the last word, which is the most specific one
  });
  const auto all = words();
  changes_ = std::any_of(all.begin(), all.end(), is_changing);
}

std::size_t split_name::occurrences(std::string_view word) const {
  const auto all = words();
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), word));
}

namespace {

/// The last word that differs from key to key, or "".
std::string_view last_changing(const split_name& name) {
  const auto words = name.words();
  const auto last = std::find_if(words.rbegin(), words.rend(), is_changing);
  return last == words.rend() ? std::string_view{} : *last;
}

std::string without_digits(std::string_view word) {
  std::string letters;
  std::copy_if(word.begin(), word.end(), std::back_inserter(letters),
               [](char c) { return !is_digit(c); });
  return letters;
}

/// Whether the two names end in different ids of one kind: "user43" and "user42", not "w1" and
/// "page2".
bool end_in_different_ids(const split_name& lock, const split_name& value) {
  const std::string_view ours = last_changing(lock);
  const std::string_view theirs = last_changing(value);
  return lock.occurrences(ours) > value.occurrences(ours) &&
         value.occurrences(theirs) > lock.occurrences(theirs) &&
         without_digits(ours) == without_digits(theirs);
}

}  // namespace

int affinity(const split_name& lock, const split_name& value) {
  if (lock.name() == value.name() || value.words().empty()) return 0;
  if (value.name().size() >= 3 && lock.name().find(value.name()) != std::string_view::npos) {
    return 3;
  }
  // "lock:tenant7:user43" is not the lock of "tenant7:user42".
  if (end_in_different_ids(lock, value)) return -1;
  bool shared = false;
  for (const std::string_view word : value.words()) {
    if (!lock.has(word)) continue;
    if (is_changing(word)) return 2;
    shared = shared || (word.size() >= 3 && !is_lock_word(word));
  }
  if (value.changes() && lock.changes()) return -1;
  const auto all = value.words();
  if (!value.changes() && all.size() > 1 && lock.has(all.back())) return 2;
  return shared ? 1 : 0;
}

namespace {

/// Whether `c` is in the set `[...]` that begins at `glob[at]`. Moves `at` past the set.
bool in_set(std::string_view glob, std::size_t& at, char c) {
  ++at;
  const bool is_inverted = at < glob.size() && glob[at] == '^';
  if (is_inverted) ++at;
  bool is_member = false;
  while (at < glob.size() && glob[at] != ']') {
    if (glob[at] == '\\' && at + 1 < glob.size()) ++at;
    const char from = glob[at];
    char to = from;
    if (at + 2 < glob.size() && glob[at + 1] == '-' && glob[at + 2] != ']') {
      to = glob[at + 2];
      at += 2;
    }
    is_member = is_member || (c >= std::min(from, to) && c <= std::max(from, to));
    ++at;
  }
  if (at < glob.size()) ++at;
  return is_member != is_inverted;
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t at = 0;
  std::size_t in = 0;
  std::size_t star = std::string_view::npos;  // the last `*`, where a mismatch resumes
  std::size_t star_in = 0;
  while (in < text.size()) {
    std::size_t next = at;
    bool fits = false;
    if (at < glob.size() && glob[at] == '*') {
      star = at++;
      star_in = in;
      continue;
    }
    if (at < glob.size() && glob[at] == '[') {
      fits = in_set(glob, next, text[in]);
    } else if (at < glob.size()) {
      if (glob[next] == '\\' && next + 1 < glob.size()) ++next;
      fits = (glob[at] == '?') || glob[next] == text[in];
      ++next;
    }
    if (fits) {
      at = next;
      ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++star_in;
    } else {
      return false;
    }
  }
  while (at < glob.size() && glob[at] == '*') ++at;
  return at == glob.size();
}

}  // namespace drover::audit
