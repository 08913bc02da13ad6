// SPDX-License-Identifier: MIT
#include "audit/capture/known_texts.hpp"

#include <algorithm>
#include <array>

namespace drover::audit {
namespace {

struct whole_text {
  std::string_view text;
  known_text known;
};

constexpr std::array whole_texts{
    whole_text{"undefined", known_text::undefined},  // JavaScript
    whole_text{"[object Undefined]", known_text::undefined},
    whole_text{"null", known_text::null},
    whole_text{"NULL", known_text::null},
    whole_text{"[object Null]", known_text::null},
    whole_text{"None", known_text::none},   // Python
    whole_text{"nil", known_text::none},    // Ruby, Lua
    whole_text{"<nil>", known_text::none},  // Go
    whole_text{"%!s(<nil>)", known_text::none},
    whole_text{"NaN", known_text::not_a_number},
    whole_text{"nan", known_text::not_a_number},
    whole_text{"Array", known_text::object},  // PHP
};

constexpr std::array<std::string_view, 7> error_beginnings{
    "Traceback (most recent call last)",
    "TypeError: ",
    "ReferenceError: ",
    "Error: connect ",
    "Fatal error: ",
    "<br />\n<b>Fatal error",
    "<br />\n<b>Warning",
};

/// The titles of the error pages of nginx, Apache, Express, Rails, Tomcat and proxies.
constexpr std::array<std::string_view, 9> error_titles{
    "error",
    "bad gateway",
    "gateway time",
    "service unavailable",
    "service temporarily",
    "internal server error",
    "not found",
    "we're sorry",
    "attention required",
};

constexpr std::uint64_t object_bytes_max = 64;

char in_small(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool begins_with(std::string_view text, std::string_view small) noexcept {
  return text.size() >= small.size() && std::equal(small.begin(), small.end(), text.begin(),
                                                   [](char a, char b) { return a == in_small(b); });
}

std::size_t find_small(std::string_view text, std::string_view small) noexcept {
  for (std::size_t at = 0; at + small.size() <= text.size(); ++at) {
    if (begins_with(text.substr(at), small)) return at;
  }
  return std::string_view::npos;
}

/// Whether the title says "502 Bad Gateway", "Error" or the like.
bool is_error_title(std::string_view title) noexcept {
  const auto digit = [&](std::size_t at) { return title[at] >= '0' && title[at] <= '9'; };
  const bool is_status = title.size() > 3 && (title[0] == '4' || title[0] == '5') && digit(1) &&
                         digit(2) && !(title[3] >= '0' && title[3] <= '9');
  return is_status || std::any_of(error_titles.begin(), error_titles.end(),
                                  [&](std::string_view text) { return begins_with(title, text); });
}

bool is_error_page(std::string_view head) noexcept {
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  head.remove_prefix(first);
  if (!begins_with(head, "<!doctype html") && !begins_with(head, "<html")) return false;
  constexpr std::string_view begin = "<title>";
  const std::size_t title = find_small(head, begin);
  if (title == std::string_view::npos) return false;
  head.remove_prefix(title + begin.size());
  const std::size_t text = head.find_first_not_of(" \t\r\n");
  return text != std::string_view::npos && is_error_title(head.substr(text));
}

/// What JavaScript, Python and Java make of an object that is written as a text.
bool is_object(std::string_view text, std::uint64_t length) noexcept {
  if (length > known_bytes_max) return false;
  if (text.starts_with("[object ") && text.ends_with(']')) return length <= object_bytes_max;
  if (text.starts_with('<') && text.ends_with('>')) {
    return text.find(" object at 0x") != std::string_view::npos ||
           text.starts_with("<coroutine object ");
  }
  return text.starts_with("java.lang.Object@") || text.starts_with("#<Object:0x");
}

}  // namespace

known_text known_text_of(std::string_view head, std::uint64_t length) noexcept {
  if (head.empty()) return known_text::no;
  std::string_view text = head;
  if (text.size() > 2 && text.size() == length && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
    length -= 2;
  }
  if (length == text.size()) {
    for (const whole_text& whole : whole_texts) {
      if (text == whole.text) return whole.known;
    }
    if (is_object(text, length)) return known_text::object;
  }
  for (const std::string_view beginning : error_beginnings) {
    if (text.starts_with(beginning)) return known_text::error;
  }
  return is_error_page(text) ? known_text::error_page : known_text::no;
}

}  // namespace drover::audit
