// SPDX-License-Identifier: MIT
#include "audit/capture/sql_text.hpp"

#include <algorithm>
#include <array>

namespace drover::audit {
namespace {

char upper_letter(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

void skip_blanks(std::string_view& text) noexcept {
  for (;;) {
    while (!text.empty() && (is_space(text[0]) || text[0] == ';' || text[0] == '(')) {
      text.remove_prefix(1);
    }
    std::size_t end = std::string_view::npos;
    if (text.starts_with("--")) {
      end = text.find('\n');
    } else if (text.starts_with("/*")) {
      end = text.find("*/");
      if (end != std::string_view::npos) end += 2;
    } else {
      return;
    }
    text.remove_prefix(std::min(end, text.size()));
  }
}

std::string_view take_word(std::string_view& text) noexcept {
  const auto is_part = [](char c) {
    return (upper_letter(c) >= 'A' && upper_letter(c) <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '@';
  };
  std::size_t size = 0;
  while (size < text.size() && is_part(text[size])) ++size;
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(size);
  return word;
}

bool is_sql_word(std::string_view text, std::string_view word) noexcept {
  return text.size() == word.size() &&
         std::equal(text.begin(), text.end(), word.begin(),
                    [](char a, char b) { return upper_letter(a) == b; });
}

}  // namespace

bool asks_for_data(std::string_view head) noexcept {
  constexpr auto minds_session = std::to_array<std::string_view>(
      {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "SET",
       "RESET", "SHOW", "DISCARD", "DEALLOCATE", "LISTEN", "UNLISTEN", "NOTIFY", "USE", "XA"});
  const bool is_whole = head.size() < sql_head_max;
  skip_blanks(head);
  if (head.empty()) return !is_whole;
  const std::string_view first = take_word(head);
  if (std::any_of(minds_session.begin(), minds_session.end(),
                  [first](std::string_view text) { return is_sql_word(first, text); })) {
    return false;
  }
  if (!is_sql_word(first, "SELECT")) return true;
  skip_blanks(head);
  const std::string_view name = take_word(head);
  if (name.starts_with("@@")) return false;
  skip_blanks(head);
  return !(name == "1" && head.empty() && is_whole);
}

}  // namespace drover::audit
