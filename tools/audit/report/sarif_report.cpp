// SPDX-License-Identifier: MIT
#include "audit/report/sarif_report.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "audit/report/wording.hpp"
#include "audit/rules/catalogue.hpp"
#include "text/json_writer.hpp"
#include "text/words.hpp"

#ifndef DROVER_VERSION
#define DROVER_VERSION "0.0.0"
#endif

namespace drover::audit {
namespace {

using text::json_writer;

constexpr std::string_view root = "%SRCROOT%";

std::string_view level_of(severity level) {
  switch (level) {
    case severity::error: return "error";
    case severity::warning: return "warning";
    case severity::info: break;
  }
  return "note";
}

/// The severity in the terms of GitHub.
std::string_view problem_severity_of(severity level) {
  return level == severity::info ? "recommendation" : level_of(level);
}

/// A path as a URI reference. Reserved and non-ASCII characters are percent-encoded.
std::string uri_of(std::string_view path) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  constexpr std::string_view plain = "-._~/@!$&'()*+,;=";
  std::string text;
  for (const char byte : path) {
    const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= '0' && byte <= '9') ||
                          plain.find(byte) != std::string_view::npos;
    if (is_plain) {
      text += byte;
      continue;
    }
    const auto code = static_cast<unsigned char>(byte);
    text += '%';
    text += hex[code >> 4U];
    text += hex[code & 0x0FU];
  }
  return text;
}

std::string fingerprint(const finding& finding) {
  const std::string text = finding.rule + '\n' + finding.pattern;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    return {};
  }
  constexpr std::string_view hex = "0123456789abcdef";
  std::string digits;
  for (std::size_t i = 0; i < 16; ++i) {
    digits += hex[digest[i] >> 4U];
    digits += hex[digest[i] & 0x0FU];
  }
  return digits;
}

void write_text(json_writer& out, std::string_view name, std::string_view text) {
  out.name(name).begin_object().field("text", text).end_object();
}

/// A message without links. The text [x](y) would be one (SARIF 2.1.0, 3.11.6), and names of keys
/// may contain it.
void write_message(json_writer& out, std::string_view text) {
  std::string escaped;
  for (const char byte : text) {
    if (byte == '[' || byte == ']' || byte == '\\') escaped += '\\';
    escaped += byte;
  }
  write_text(out, "message", escaped);
}

void write(json_writer& out, const rule_text& rule) {
  const std::string help =
      "Why it matters: " + std::string{rule.why} + "\n\nWhat to do: " + std::string{rule.advice} +
      (rule.left_alone.empty() ? std::string{}
                               : "\n\nNot reported: " + std::string{rule.left_alone}) +
      (rule.exercised_by.empty() ? std::string{}
                                 : "\n\nExercised by: " + std::string{rule.exercised_by});
  out.begin_object().field("id", rule.id).field("name", rule.name);
  write_text(out, "shortDescription", rule.summary);
  write_text(out, "fullDescription", std::string{rule.summary} + ' ' + std::string{rule.why});
  out.name("help").begin_object().field("text", help).field("markdown", help).end_object();
  out.name("defaultConfiguration")
      .begin_object()
      .field("level", level_of(rule.usual_severity))
      .end_object();
  out.name("properties").begin_object();
  // GitHub displays these and sorts by them.
  out.field("precision", "high")
      .field("problem.severity", problem_severity_of(rule.usual_severity));
  out.name("tags").begin_row();
  out.value("redis").value("caching").value(rule.family()).end_row().end_object().end_object();
}

/// The message of an alert. Names of keys are escaped.
std::string message_of(const finding& finding) {
  std::string text = shown(finding.message) + " (" + times_in_words(finding) + " times, " +
                     std::string{word_of(finding.confidence)} + ")";
  if (!finding.pattern.empty()) text += "\nKeys: " + shown_name(finding.pattern);
  if (!finding.evidence_list.empty()) {
    text += "\nSeen after " +
            text::in_words(std::chrono::nanoseconds{finding.evidence_list.front().from}) + ": " +
            shown(finding.evidence_list.front().summary);
  }
  if (!finding.library.empty()) text += "\nLibrary: " + shown_name(finding.library);
  return text + "\nTo do: " + shown(finding.advice) + '\n' + if_wrong(finding);
}

void write_locations(json_writer& out, const finding& finding, const located& sources) {
  const auto position = sources.places.find(finding.pattern);
  const source_place place =
      position == sources.places.end() ? source_place{sources.default_path, 1} : position->second;
  out.name("locations").begin_array().begin_object();
  out.name("physicalLocation").begin_object().name("artifactLocation").begin_object();
  out.field("uri", uri_of(place.path)).field("uriBaseId", root).end_object();
  out.name("region").begin_object().field("startLine", place.line).end_object().end_object();
  if (!finding.pattern.empty()) {
    out.name("logicalLocations").begin_array().begin_object();
    out.field("name", shown_name(finding.pattern)).field("fullyQualifiedName", finding.pattern);
    out.field("kind", "resource").end_object().end_array();
  }
  out.end_object().end_array();
}

std::uint64_t place_of(const rule_text& rule) {
  return static_cast<std::uint64_t>(&rule - catalogue().data());
}

void write(json_writer& out, const finding& finding, const located& sources) {
  out.begin_object().field("ruleId", finding.rule);
  if (const rule_text* const rule = find_rule(finding.rule))
    out.field("ruleIndex", place_of(*rule));
  out.field("level", level_of(finding.severity));
  write_message(out, message_of(finding));
  write_locations(out, finding, sources);
  out.name("partialFingerprints").begin_object();
  // GitHub identifies alerts by the second fingerprint only, and computes it from the text of the
  // line if it is missing. This one stays the same when the line moves.
  const std::string fingerprint_text = fingerprint(finding);
  out.field("droverRuleAndPattern/v1", fingerprint_text);
  out.field("primaryLocationLineHash", fingerprint_text.substr(0, 16) + ":1").end_object();
  if (!finding.accepted.empty()) {
    out.name("suppressions").begin_array().begin_object().field("kind", "external");
    out.field("justification", shown(finding.accepted)).end_object().end_array();
  }
  out.name("properties").begin_object().field("confidence", word_of(finding.confidence));
  out.field("count", finding.count).field("opportunities", finding.opportunities);
  out.name("keys").begin_row();
  for (const std::string& key : finding.keys) out.value(key);
  out.end_row().field("fails", finding.fails).end_object().end_object();
}

void write_notification(json_writer& out, std::string_view text, std::string_view rule) {
  out.begin_object().field("level", "note");
  write_message(out, text);
  if (!rule.empty()) {
    out.name("associatedRule").begin_object().field("id", rule).end_object();
  }
  out.end_object();
}

void write_invocation(json_writer& out, const audit_result& result, const located& sources) {
  out.name("invocations").begin_array().begin_object().field("executionSuccessful", true);
  if (!result.command.empty()) out.field("commandLine", result.command);
  out.name("toolExecutionNotifications").begin_array();
  write_notification(out, "verdict: " + in_words(result.outcome) + ", " + shown(result.reason), "");
  if (result.run.sampled_share < 1) write_notification(out, run_in_words(result.run), "");
  for (const finding& finding : result.notices)
    write_notification(out, shown(finding.message), finding.rule);
  for (const std::string& remark : result.remarks) write_notification(out, shown(remark), "");
  if (!sources.left_out.empty()) write_notification(out, shown(sources.left_out), "");
  out.end_array().end_object().end_array();
}

}  // namespace

std::string sarif_report(const audit_result& result, const located& sources) {
  json_writer out;
  out.begin_object().field("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  out.field("version", "2.1.0").name("runs").begin_array().begin_object();
  out.name("tool").begin_object().name("driver").begin_object();
  out.field("name", "drover audit").field("semanticVersion", DROVER_VERSION);
  out.name("rules").begin_array();
  for (const rule_text& rule : catalogue()) write(out, rule);
  out.end_array().end_object().end_object();
  write_invocation(out, result, sources);
  out.field("columnKind", "utf16CodeUnits").name("results").begin_array();
  for (const finding& finding : result.findings) write(out, finding, sources);
  out.end_array().name("properties").begin_object();
  out.field("verdict", word_of(result.outcome)).field("why", result.reason).end_object();
  out.end_object().end_array().end_object();
  return std::move(out).text();
}

}  // namespace drover::audit
