// SPDX-License-Identifier: MIT
#include "integration/redis_model_masks.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <sstream>

#include "resp/reader.hpp"

namespace drover::test {
namespace {

/// The text of a reply that is for people, if it is that and nothing follows.
std::optional<std::string> text_in(std::string_view reply) {
  if (!reply.starts_with('=') && !reply.starts_with('$')) return std::nullopt;
  resp::reader reader;
  resp::message read;
  const auto step = reader.read(reply, read);
  if (step.status != resp::reader::status::complete || step.consumed != reply.size()) {
    return std::nullopt;
  }
  if (!read.root().is_string()) return std::nullopt;
  return std::string{read.root().text()};
}

std::string compared_fields(const std::string& line) {
  constexpr std::array<std::string_view, 6> names{"id=", "name=", "db=", "sub=", "user=", "resp="};
  std::istringstream fields{line};
  std::string kept;
  for (std::string field; fields >> field;) {
    const bool is_compared = std::ranges::any_of(
        names, [&](std::string_view name) { return std::string_view{field}.starts_with(name); });
    if (is_compared) kept += field + ' ';
  }
  return kept;
}

bool are_alike_lists(std::string_view real, std::string_view model) {
  const auto real_lines = lines_of(real);
  const auto model_lines = lines_of(model);
  return std::ranges::equal(real_lines, model_lines, [](const auto& a, const auto& b) {
    return compared_fields(a) == compared_fields(b);
  });
}

bool are_alike_infos(std::string_view real, std::string_view model) {
  return std::ranges::all_of(lines_of(model), [&](const std::string& line) {
    if (line.starts_with('#')) return real.starts_with(line);
    const std::string name = line.substr(0, line.find(':'));
    const std::string value = line.substr(name.size() + 1);
    const std::string theirs = field_of(real, name);
    if (name != "uptime_in_seconds") return value == theirs;
    return !theirs.empty() && std::abs(std::stoll(value) - std::stoll(theirs)) <= 2;
  });
}

}  // namespace

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string{text}};
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::string field_of(std::string_view info, std::string_view name) {
  for (const std::string& line : lines_of(info)) {
    const bool is_it = line.size() > name.size() && line.starts_with(name);
    if (is_it && line[name.size()] == ':') return line.substr(name.size() + 1);
  }
  return {};
}

std::optional<microseconds> time_in(std::string_view reply) {
  if (reply.starts_with("*2\r\n$10\r\n")) {
    const std::string text{reply.substr(9)};
    const std::size_t second = text.find('$');
    if (second == std::string::npos) return std::nullopt;
    const std::size_t digits = text.find('\n', second) + 1;
    return std::chrono::seconds{std::stoll(text)} + microseconds{std::stoll(text.substr(digits))};
  }
  const auto text = text_in(reply);
  if (!text || !text->starts_with("# Server")) return std::nullopt;
  return microseconds{std::stoll(field_of(*text, "server_time_usec"))};
}

bool are_alike(std::string_view real, std::string_view model) {
  if (real == model) return true;
  const auto real_text = text_in(real);
  const auto model_text = text_in(model);
  if (!real_text || !model_text || real[0] != model[0]) return false;
  if (real_text->starts_with("id=")) return are_alike_lists(*real_text, *model_text);
  return real_text->starts_with("# ") && model_text->starts_with("# ") &&
         are_alike_infos(*real_text, *model_text);
}

}  // namespace drover::test
