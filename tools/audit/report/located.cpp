// SPDX-License-Identifier: MIT
#include "audit/report/located.hpp"

#include <algorithm>
#include <array>

namespace drover::audit {
namespace {

constexpr std::size_t needle_min = 3;
constexpr std::size_t line_max = 2000;  // longer lines are generated
constexpr std::size_t hits_max = 1000;  // hits of one needle in one file
constexpr std::string_view separators = ":./|#_-";

bool is_any_of(char byte, std::string_view set) { return set.find(byte) != std::string_view::npos; }

bool has_letters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char byte) {
           return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                  static_cast<unsigned char>(byte) >= 0x80;
         }) >= static_cast<std::ptrdiff_t>(needle_min) - 1;
}

void add(std::vector<std::string>& needles, std::string_view text) {
  if (text.size() < needle_min || !has_letters(text)) return;
  if (std::find(needles.begin(), needles.end(), text) == needles.end()) {
    needles.emplace_back(text);
  }
}

/// The literal parts of a pattern, in order.
std::vector<std::string_view> literals_of(std::string_view pattern) {
  std::vector<std::string_view> parts;
  while (!pattern.empty()) {
    const std::size_t end = std::min(pattern.find('*'), pattern.size());
    if (end > 0) parts.push_back(pattern.substr(0, end));
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return parts;
}

/// Whether the text after a literal is typical for code that builds a key: the end of the literal,
/// or a variable in a common language.
bool continues_as_key(std::string_view rest) {
  if (rest.empty()) return false;
  if (is_any_of(rest[0], "\"'`{%$")) return true;
  return rest.starts_with("#{") || rest.starts_with("\\(");
}

bool is_comment(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return false;
  line.remove_prefix(begin);
  constexpr std::array<std::string_view, 7> marks{"//", "#", "*", "/*", "--", "\"\"\"", ";"};
  return std::any_of(marks.begin(), marks.end(),
                     [&](std::string_view name) { return line.starts_with(name); });
}

bool is_document(std::string_view path) {
  constexpr std::array<std::string_view, 8> ends{".md",  ".rst",  ".txt", ".json",
                                                 ".log", ".lock", ".csv", ".html"};
  return std::any_of(ends.begin(), ends.end(),
                     [&](std::string_view name) { return path.ends_with(name); });
}

bool is_test_path(std::string_view path) {
  return path.find("test") != std::string_view::npos || path.find("spec") != std::string_view::npos;
}

constexpr long points_for_key = 8;
constexpr long points_for_quote = 4;
constexpr long points_for_code = 16;
constexpr long points_for_source = 32;
constexpr long points_for_product = 2;
constexpr long points_for_needle = 64;  // a better needle outweighs all others together

long points_of(std::string_view path, std::string_view line, std::size_t at, std::size_t length) {
  long points = 0;
  if (continues_as_key(line.substr(at + length))) points += points_for_key;
  if (at > 0 && is_any_of(line[at - 1], "\"'`")) points += points_for_quote;
  if (!is_comment(line)) points += points_for_code;
  if (!is_document(path)) points += points_for_source;
  if (!is_test_path(path)) points += points_for_product;
  return points;
}

/// Whether a word begins at `at`: "user:" in "superuser:" does not count.
bool begins_word(std::string_view line, std::size_t at) {
  if (at == 0) return true;
  const char before = line[at - 1];
  return !((before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
           (before >= '0' && before <= '9') || before == '_');
}

struct place_in_line {
  /// Empty: the line is too long.
  std::string_view line;
  std::size_t at = 0;
};

place_in_line line_around(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at).substr(at - std::min(at, line_max));
  const std::size_t cut = before.rfind('\n');
  if (cut == std::string_view::npos && at > line_max) return {};
  const std::size_t length = cut == std::string_view::npos ? at : before.size() - cut - 1;
  const std::string_view rest = text.substr(at, line_max);
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos && rest.size() == line_max) return {};
  return {text.substr(at - length, length + std::min(end, rest.size())), length};
}

}  // namespace

std::vector<std::string> needles_of(std::string_view pattern) {
  std::vector<std::string> needles;
  const std::vector<std::string_view> parts = literals_of(pattern);
  for (const std::string_view part : parts) add(needles, part);
  for (std::string_view part : parts) {
    // The part without its last words matches code that has a variable in their place.
    while (!part.empty()) {
      add(needles, part);
      part.remove_suffix(1);
      const std::size_t cut = part.find_last_of(separators);
      part = cut == std::string_view::npos ? std::string_view{} : part.substr(0, cut + 1);
    }
  }
  for (std::string_view part : parts) {
    // The part without its first words matches code whose client adds a prefix.
    while (!part.empty()) {
      const std::size_t cut = part.find_first_of(separators);
      part.remove_prefix(cut == std::string_view::npos ? part.size() : cut + 1);
      add(needles, part);
    }
  }
  return needles;
}

source_search::source_search(const std::vector<std::string>& patterns) {
  for (const std::string& name : patterns) {
    std::vector<std::string> needles = needles_of(name);
    const bool is_known =
        std::any_of(targets_.begin(), targets_.end(),
                    [&](const search_target& target) { return target.pattern == name; });
    if (!needles.empty() && !is_known) targets_.push_back({name, std::move(needles), -1, {}});
  }
}

void source_search::read(const std::string& path, std::string_view text) {
  for (search_target& target : targets_) {
    for (std::size_t rank = 0; rank < target.needles.size(); ++rank) {
      const long needle_points =
          points_for_needle * static_cast<long>(target.needles.size() - rank);
      if (needle_points + points_for_needle <= target.best) break;
      look_for(target, rank, needle_points, path, text);
    }
  }
}

void source_search::look_for(search_target& target, std::size_t rank, long needle_points,
                             const std::string& path, std::string_view text) {
  const std::string& needle = target.needles[rank];
  std::uint64_t line_number = 1;
  std::size_t counted_end = 0;
  std::size_t hits = 0;
  for (std::size_t at = text.find(needle); at != std::string_view::npos && ++hits <= hits_max;
       at = text.find(needle, at + 1)) {
    const auto begin = text.begin() + static_cast<std::ptrdiff_t>(counted_end);
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(at);
    line_number += static_cast<std::uint64_t>(std::count(begin, end, '\n'));
    counted_end = at;
    const place_in_line hit = line_around(text, at);
    if (hit.line.empty() || !begins_word(hit.line, hit.at)) continue;
    const long points = needle_points + points_of(path, hit.line, hit.at, needle.size());
    if (points <= target.best) continue;
    target.best = points;
    target.place = {path, line_number};
  }
}

std::map<std::string, source_place> source_search::places() const {
  std::map<std::string, source_place> places;
  for (const search_target& target : targets_) {
    if (target.best >= 0) places.emplace(target.pattern, target.place);
  }
  return places;
}

}  // namespace drover::audit
