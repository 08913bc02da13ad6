// SPDX-License-Identifier: MIT
#include "audit/report/baseline.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "audit/capture/key_pattern.hpp"
#include "audit/rules/catalogue.hpp"
#include "text/json_writer.hpp"
#include "text/utf8.hpp"
#include "text/words.hpp"

namespace drover::audit {
namespace {

using json = nlohmann::json;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr auto draft_period = std::chrono::days{90};
constexpr std::array<const char*, 4> fields{"rule", "pattern", "reason", "expires"};

std::string in_quotes(std::string_view text) { return '"' + text::visible(text, 80) + '"'; }

std::string text_of(const year_month_day& date) {
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

std::optional<year_month_day> date_of(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int length = 0;
  if (text.size() != 10 ||
      std::sscanf(text.c_str(), "%4d-%2u-%2u%n", &year, &month, &day, &length) != 3 ||
      length != 10) {
    return std::nullopt;
  }
  const year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                            std::chrono::day{day}};
  if (!date.ok() || text_of(date) != text) return std::nullopt;
  return date;
}

/// The position of a byte as text. `place` is the number of the byte, counted from 1.
std::string line_and_column(std::string_view text, std::size_t place) {
  const std::string_view before =
      text.substr(0, std::min(std::max<std::size_t>(place, 1) - 1, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t column = before.size() - (before.rfind('\n') + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// The numbers of the lines on which the entries begin: the objects in the array "accepted".
std::vector<std::size_t> lines_of_entries(std::string_view text) {
  std::vector<std::size_t> lines;
  std::size_t depth = 0;
  std::size_t line = 1;
  bool is_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    if (byte == '\n') ++line;
    if (is_text) {
      if (byte == '\\') ++i;
      if (byte == '"') is_text = false;
      continue;
    }
    if (byte == '"') is_text = true;
    if (byte == '{' || byte == '[') {
      if (++depth == 3 && byte == '{') lines.push_back(line);
    }
    if (byte == '}' || byte == ']') --depth;
  }
  return lines;
}

/// Reads one entry. Returns the error in it, or "" if there is none.
std::string read_entry(const json& object, accepted_finding& entry) {
  if (!object.is_object()) return "is not an object";
  for (const auto& [name, value] : object.items()) {
    if (std::find(fields.begin(), fields.end(), name) == fields.end()) {
      return in_quotes(name) + " is not one of rule, pattern, reason, expires";
    }
    if (!value.is_string()) return in_quotes(name) + " is not a string";
  }
  for (const char* const name : fields) {
    if (!object.contains(name)) return in_quotes(name) + " is missing";
  }
  const auto text = [&](const char* name) { return object[name].get<std::string>(); };
  const rule_text* const rule = find_rule(text("rule"));
  if (rule == nullptr || rule->is_notice()) {
    return "\"rule\": there is no rule " + in_quotes(text("rule")) +
           "; `drover audit --list-rules` lists them";
  }
  entry.rule = rule->id;
  entry.pattern = text("pattern");
  if (entry.pattern.empty()) return "\"pattern\" is empty: give the pattern of the finding, or *";
  entry.reason = text("reason");
  if (entry.reason.find_first_not_of(" \t\r\n") == std::string::npos) {
    return "\"reason\" is empty: write why " + entry.rule + " on " + in_quotes(entry.pattern) +
           " is accepted";
  }
  const auto date = date_of(text("expires"));
  if (!date) {
    return "\"expires\" is " + in_quotes(text("expires")) +
           ", which is not a date of the form 2027-01-31";
  }
  entry.expires = *date;
  return {};
}

parsed_baseline refused(std::string error) { return {{}, std::move(error)}; }

/// The bytes as text in JSON: a byte that is not part of a UTF-8 character becomes the character
/// with that number.
std::string as_characters(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t length = text::utf8_length(bytes);
    if (length > 0) {
      text += bytes.substr(0, length);
    } else {
      const auto code = static_cast<unsigned char>(bytes[0]);
      text += static_cast<char>(0xC0U | (code >> 6U));
      text += static_cast<char>(0x80U | (code & 0x3FU));
    }
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

bool is_for(const accepted_finding& entry, const finding& finding) {
  return entry.rule == finding.rule && glob_matches(entry.pattern, as_characters(finding.pattern));
}

/// A glob that matches `pattern`. A `*` in `pattern` stays a wildcard, so the glob also matches
/// other texts.
std::string glob_of(std::string_view pattern) {
  std::string text;
  for (const char byte : pattern) {
    if (byte == '?' || byte == '[' || byte == ']' || byte == '\\') text += '\\';
    text += byte;
  }
  return text;
}

}  // namespace

parsed_baseline parse_baseline(std::string_view text) {
  json document;
  try {
    document = json::parse(text);
  } catch (const json::parse_error& error) {
    return refused(line_and_column(text, error.byte) + ": not valid JSON");
  } catch (const json::out_of_range&) {
    return refused("a number is too large");
  }
  if (!document.is_object()) return refused("not an object with \"version\" and \"accepted\"");
  for (const auto& [name, value] : document.items()) {
    if (name != "version" && name != "accepted") {
      return refused(in_quotes(name) + " is not one of version, accepted");
    }
  }
  if (!document.contains("version") || document["version"] != 1) {
    return refused("\"version\" is not 1, which is the only version");
  }
  if (!document.contains("accepted") || !document["accepted"].is_array()) {
    return refused("\"accepted\" is not an array");
  }
  parsed_baseline result;
  const std::vector<std::size_t> lines = lines_of_entries(text);
  for (std::size_t i = 0; i < document["accepted"].size(); ++i) {
    accepted_finding entry;
    const std::string error = read_entry(document["accepted"][i], entry);
    if (!error.empty()) {
      const std::string line = i < lines.size() ? "line " + std::to_string(lines[i]) + ", " : "";
      return refused(line + "entry " + std::to_string(i + 1) + ": " + error);
    }
    result.value.accepted.push_back(std::move(entry));
  }
  return result;
}

void apply_baseline(audit_result& result, const baseline& accepted_findings,
                    std::chrono::system_clock::time_point now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  for (const accepted_finding& entry : accepted_findings.accepted) {
    const bool is_over = sys_days{entry.expires} < day;
    bool is_used = false;
    for (finding& finding : result.findings) {
      if (!is_for(entry, finding)) continue;
      is_used = true;
      if (!is_over && finding.accepted.empty()) finding.accepted = entry.reason;
    }
    const std::string entry_text = "the baseline's " + entry.rule + " on " + entry.pattern;
    if (!is_used) {
      result.remarks.push_back(
          entry_text + " matches nothing in this run; remove the entry if the fault is fixed");
    } else if (is_over) {
      result.remarks.push_back(entry_text + " expired on " + text_of(entry.expires) +
                               " and counts again; it was accepted because: " + entry.reason);
    }
  }
}

std::string baseline_of(const audit_result& result, std::chrono::system_clock::time_point now) {
  const auto last_day = std::chrono::floor<std::chrono::days>(now) + draft_period;
  text::json_writer out;
  out.begin_object().field("version", std::uint64_t{1}).name("accepted").begin_array();
  for (const finding& finding : result.findings) {
    if (!finding.accepted.empty()) continue;
    out.begin_object().field("rule", finding.rule).field("pattern", glob_of(finding.pattern));
    out.field("reason", "").field("expires", text_of(year_month_day{last_day})).end_object();
  }
  out.end_array().end_object();
  return std::move(out).text();
}

}  // namespace drover::audit
