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

std::string_view level_of(severity how_bad) {
  switch (how_bad) {
    case severity::error: return "error";
    case severity::warning: return "warning";
    case severity::info: break;
  }
  return "note";
}

/// The severity in the terms of GitHub.
std::string_view problem_severity_of(severity how_bad) {
  return how_bad == severity::info ? "recommendation" : level_of(how_bad);
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

std::string fingerprint(const finding& of) {
  const std::string text = of.rule + '\n' + of.pattern;
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

void write(json_writer& out, const rule_text& of) {
  const std::string help =
      "Why it matters: " + std::string{of.why} + "\n\nWhat to do: " + std::string{of.advice} +
      (of.left_alone.empty() ? std::string{} : "\n\nNot reported: " + std::string{of.left_alone}) +
      (of.exercised_by.empty() ? std::string{}
                               : "\n\nExercised by: " + std::string{of.exercised_by});
  out.begin_object().field("id", of.id).field("name", of.name);
  write_text(out, "shortDescription", of.summary);
  write_text(out, "fullDescription", std::string{of.summary} + ' ' + std::string{of.why});
  out.name("help").begin_object().field("text", help).field("markdown", help).end_object();
  out.name("defaultConfiguration")
      .begin_object()
      .field("level", level_of(of.usual_severity))
      .end_object();
  out.name("properties").begin_object();
  // GitHub displays these and sorts by them.
  out.field("precision", "high").field("problem.severity", problem_severity_of(of.usual_severity));
  out.name("tags").begin_row();
  out.value("redis").value("caching").value(of.family()).end_row().end_object().end_object();
}

/// The message of an alert. Names of keys are escaped.
std::string message_of(const finding& of) {
  std::string text = shown(of.message) + " (" + times_in_words(of) + " times, " +
                     std::string{word_of(of.how_sure)} + ")";
  if (!of.pattern.empty()) text += "\nKeys: " + shown_name(of.pattern);
  if (!of.seen.empty()) {
    text += "\nSeen after " + text::in_words(std::chrono::nanoseconds{of.seen.front().from}) +
            ": " + shown(of.seen.front().summary);
  }
  if (!of.library.empty()) text += "\nLibrary: " + shown_name(of.library);
  return text + "\nTo do: " + shown(of.advice);
}

void write_locations(json_writer& out, const finding& of, const located& where) {
  const auto position = where.places.find(of.pattern);
  const source_place place =
      position == where.places.end() ? source_place{where.otherwise, 1} : position->second;
  out.name("locations").begin_array().begin_object();
  out.name("physicalLocation").begin_object().name("artifactLocation").begin_object();
  out.field("uri", uri_of(place.path)).field("uriBaseId", root).end_object();
  out.name("region").begin_object().field("startLine", place.line).end_object().end_object();
  if (!of.pattern.empty()) {
    out.name("logicalLocations").begin_array().begin_object();
    out.field("name", shown_name(of.pattern)).field("fullyQualifiedName", of.pattern);
    out.field("kind", "resource").end_object().end_array();
  }
  out.end_object().end_array();
}

std::uint64_t place_of(const rule_text& rule) {
  return static_cast<std::uint64_t>(&rule - catalogue().data());
}

void write(json_writer& out, const finding& of, const located& where) {
  out.begin_object().field("ruleId", of.rule);
  if (const rule_text* const rule = find_rule(of.rule)) out.field("ruleIndex", place_of(*rule));
  out.field("level", level_of(of.how_bad));
  write_text(out, "message", message_of(of));
  write_locations(out, of, where);
  out.name("partialFingerprints").begin_object();
  // GitHub identifies alerts by the second fingerprint only, and computes it from the text of the
  // line if it is missing. This one stays the same when the line moves.
  const std::string stable = fingerprint(of);
  out.field("droverRuleAndPattern/v1", stable);
  out.field("primaryLocationLineHash", stable.substr(0, 16) + ":1").end_object();
  if (!of.accepted.empty()) {
    out.name("suppressions").begin_array().begin_object().field("kind", "external");
    out.field("justification", shown(of.accepted)).end_object().end_array();
  }
  out.name("properties").begin_object().field("confidence", word_of(of.how_sure));
  out.field("count", of.count).field("opportunities", of.opportunities);
  out.name("keys").begin_row();
  for (const std::string& name : of.keys) out.value(name);
  out.end_row().field("fails", of.fails).end_object().end_object();
}

void write_notification(json_writer& out, std::string_view text, std::string_view rule) {
  out.begin_object().field("level", "note");
  write_text(out, "message", text);
  if (!rule.empty()) {
    out.name("associatedRule").begin_object().field("id", rule).end_object();
  }
  out.end_object();
}

void write_invocation(json_writer& out, const audit_result& of, const located& where) {
  out.name("invocations").begin_array().begin_object().field("executionSuccessful", true);
  if (!of.command.empty()) out.field("commandLine", of.command);
  out.name("toolExecutionNotifications").begin_array();
  write_notification(out, "verdict: " + std::string{word_of(of.outcome)} + ", " + shown(of.why),
                     "");
  for (const finding& finding : of.notices)
    write_notification(out, shown(finding.message), finding.rule);
  for (const std::string& name : of.remarks) write_notification(out, shown(name), "");
  if (!where.left_out.empty()) write_notification(out, shown(where.left_out), "");
  out.end_array().end_object().end_array();
}

}  // namespace

std::string sarif_report(const audit_result& of, const located& where) {
  json_writer out;
  out.begin_object().field("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  out.field("version", "2.1.0").name("runs").begin_array().begin_object();
  out.name("tool").begin_object().name("driver").begin_object();
  out.field("name", "drover audit").field("semanticVersion", DROVER_VERSION);
  out.name("rules").begin_array();
  for (const rule_text& rule : catalogue()) write(out, rule);
  out.end_array().end_object().end_object();
  write_invocation(out, of, where);
  out.field("columnKind", "utf16CodeUnits").name("results").begin_array();
  for (const finding& finding : of.findings) write(out, finding, where);
  out.end_array().name("properties").begin_object();
  out.field("verdict", word_of(of.outcome)).field("why", of.why).end_object();
  out.end_object().end_array().end_object();
  return std::move(out).text();
}

}  // namespace drover::audit
