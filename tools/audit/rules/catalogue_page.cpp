// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>

#include "audit/rules/catalogue.hpp"
#include "text/text_layout.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t terminal_columns = 100;

std::string list_item(std::string_view label, std::string_view text) {
  if (text.empty()) return {};
  return text::wrapped("* **" + std::string{label} + ":** " + std::string{text}, page_columns, 2) +
         '\n';
}

std::string section(const rule_text& rule) {
  std::string out = "### " + std::string{rule.id} + " " + std::string{rule.name} + "\n\n";
  out += text::wrapped(rule.summary, page_columns, 0) + "\n\n";
  std::string severity_text{word_of(rule.usual_severity)};
  if (!rule.severity_note.empty()) severity_text += "; " + std::string{rule.severity_note};
  out += list_item("Severity", severity_text + '.');
  out += list_item("Why", rule.why);
  if (!rule.left_alone.empty()) {
    out += list_item("Not reported",
                     std::string{rule.left_alone} + (rule.left_alone.ends_with('.') ? "" : "."));
  }
  if (!rule.exercised_by.empty()) {
    out += list_item("Exercised by", std::string{rule.exercised_by} + '.');
  }
  out += list_item("Advice", rule.advice);
  if (!rule.caching_rules.empty()) {
    const bool many = rule.caching_rules.find(',') != std::string_view::npos;
    out += list_item(many ? "Caching rules" : "Caching rule", rule.caching_rules);
  }
  return out + '\n';
}

std::string heading(char family_digit) {
  switch (family_digit) {
    case '1': return "Stampedes";
    case '2': return "Locks";
    case '3': return "Expiry";
    case '4': return "Consistency";
    case '5': return "Waiting";
    case '6': return "Keys and commands";
    case '7': return "Outages";
    default: return "Notices";
  }
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out{text};
  out.resize(std::max(width, out.size()), ' ');
  return out;
}

void add_part(std::string& out, std::string_view label, std::string_view text) {
  if (text.empty()) return;
  const std::string head = padded(label, 14);
  out += text::wrapped(head + std::string{text}, terminal_columns, head.size()) + '\n';
}

}  // namespace

std::string list_of_rules() {
  std::size_t width = 0;
  for (const rule_text& rule : catalogue()) width = std::max(width, rule.name.size());
  std::string out;
  char family_digit = '0';
  for (const rule_text& rule : catalogue()) {
    if (rule.id[1] != family_digit) {
      family_digit = rule.id[1];
      out += (out.empty() ? "" : "\n") + heading(family_digit) + '\n';
    }
    const std::string head = "  " + std::string{rule.id} + "  " + padded(rule.name, width) + "  " +
                             padded(word_of(rule.usual_severity), 7) + "  ";
    out += head + std::string{rule.summary} + '\n';
  }
  return out;
}

std::string page_of(const rule_text& rule) {
  std::string out = std::string{rule.id} + ' ' + std::string{rule.name} + " (" +
                    std::string{word_of(rule.usual_severity)};
  if (!rule.severity_note.empty()) out += "; " + std::string{rule.severity_note};
  out += ")\n\n" + text::wrapped(rule.summary, terminal_columns, 0) + "\n\n";
  add_part(out, "Why", rule.why);
  add_part(out, "Not reported", rule.left_alone);
  add_part(out, "Exercised by", rule.exercised_by);
  add_part(out, "Advice", rule.advice);
  add_part(out, "How to fix it", rule.fix);
  return out;
}

std::string catalogue_page() {
  std::string out = "# The rules of `drover audit`\n\n";
  out += text::wrapped(
      "The status of each rule after a run is *pass*, *fail*, *not exercised*, or *seen, but "
      "cannot be judged*. *Pass* is meaningful only if the run did what \"Exercised by\" names. A "
      "finding states how often the "
      "fault was seen and how many opportunities there were, and shows the first and the worst "
      "cases. Notices (C9xx) do not judge the application: they state what the run could not see. "
      "`drover audit --list-rules` prints the same texts, and a test compares this page with them.",
      page_columns, 0);
  out += "\n\n" + text::wrapped(
                      "\"Caching rules\" are the numbers of the short rules that `drover init ai` "
                      "writes for AI assistants.",
                      page_columns, 0);
  out += "\n\n| id | name | severity | means |\n|---|---|---|---|\n";
  for (const rule_text& rule : catalogue()) {
    out += "| " + std::string{rule.id} + " | " + std::string{rule.name} + " | " +
           std::string{word_of(rule.usual_severity)} + " | " + std::string{rule.summary} + " |\n";
  }
  out += '\n';
  char family_digit = '0';
  for (const rule_text& rule : catalogue()) {
    if (rule.id[1] != family_digit) {
      family_digit = rule.id[1];
      out += "## " + heading(family_digit) + "\n\n";
    }
    out += section(rule);
  }
  out.pop_back();  // one line end is enough
  return out;
}

}  // namespace drover::audit
