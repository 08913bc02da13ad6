// SPDX-License-Identifier: MIT
#include "simulate/measure/expectation.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

namespace drover::simulate {
namespace {

struct sign {
  std::string_view text;
  comparison op;
};

// Longer signs come first, because "<=" begins with "<".
constexpr std::array<sign, 6> signs{{{"==", comparison::equal},
                                     {"<=", comparison::at_most},
                                     {">=", comparison::at_least},
                                     {"=", comparison::equal},
                                     {"<", comparison::less},
                                     {">", comparison::more}}};

constexpr double number_max = 1e15;  // whole numbers up to this are exact

double ms(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

double count(std::uint64_t number) { return static_cast<double>(number); }

double worst_event(const measurement& measured) {
  const auto worst = std::ranges::max_element(measured.queries_per_event);
  return worst == measured.queries_per_event.end() ? 0 : count(*worst);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<double> number_of(std::string_view text) {
  // from_chars also accepts "inf", "nan" and signs.
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return {};
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end != text.data() + text.size() || number > number_max) return {};
  return number;
}

std::string known_names() {
  std::string names;
  for (const expectable& quantity : all_expectable()) {
    names += names.empty() ? "" : ", ";
    names += quantity.name;
  }
  return names;
}

std::string quoted(std::string_view text) { return '\'' + std::string{text} + '\''; }

/// Returns the condition, or an error text.
std::pair<expectation, std::string> parse_condition(std::string_view text) {
  const std::size_t at = text.find_first_of("=<>!");
  if (at == std::string_view::npos) {
    return {{},
            quoted(text) +
                " has no comparison: a condition is NAME OP NUMBER, as in "
                "queries-per-event<=1"};
  }
  const std::string_view name = trimmed(text.substr(0, at));
  const auto& all = all_expectable();
  const auto quantity = std::ranges::find(all, name, &expectable::name);
  if (quantity == all.end()) {
    return {{}, "there is no " + quoted(name) + "; there are: " + known_names()};
  }
  const std::string_view rest = text.substr(at);
  const auto* const match = std::ranges::find_if(
      signs, [&](const sign& candidate) { return rest.starts_with(candidate.text); });
  if (match == signs.end()) {
    return {{}, "invalid comparison in " + quoted(text) + "; there are: = == <= < >= >"};
  }
  const std::string_view digits = trimmed(rest.substr(match->text.size()));
  const auto number = number_of(digits);
  if (!number) {
    return {{},
            "not a number in " + quoted(text) + ": " + quoted(digits) +
                "; give one like 1 or 12.5, up to 1e15 in digits"};
  }
  return {{.text = std::string{name} + std::string{match->text} + std::string{digits},
           .quantity = &*quantity,
           .op = match->op,
           .bound = *number},
          {}};
}

bool holds(double number, comparison op, double bound) {
  switch (op) {
    case comparison::equal: return number == bound;
    case comparison::at_most: return number <= bound;
    case comparison::less: return number < bound;
    case comparison::at_least: return number >= bound;
    case comparison::more: return number > bound;
  }
  return false;
}

std::string in_words(double number, bool is_time) {
  char text[64];
  std::snprintf(text, sizeof text, is_time ? "%.3f ms" : "%.0f", number);
  return text;
}

}  // namespace

const std::vector<expectable>& all_expectable() {
  using m = measurement;
  static const std::vector<expectable> all{
      {"queries-per-event", "queries of one cold event, the worst event", false, worst_event},
      {"queries-total", "queries that the database counted", false,
       [](const m& measured) { return count(measured.queries_total); }},
      {"errors", "calls that threw", false,
       [](const m& measured) { return count(measured.errors); }},
      {"stale-reads", "calls that got a value older than an acknowledged change", false,
       [](const m& measured) { return count(measured.stale_reads); }},
      {"wrong-values", "calls that got a value that the row never had", false,
       [](const m& measured) { return count(measured.wrong_values); }},
      {"refused", "calls that found no free caller", false,
       [](const m& measured) { return count(measured.calls_refused); }},
      {"lost", "calls that did not return: their process was killed, or the run ended", false,
       [](const m& measured) { return count(measured.calls_lost); }},
      {"wait-ms", "the longest wait", true,
       [](const m& measured) { return ms(measured.wait.max); }},
      {"wait-p99-ms", "the wait that 99 % of the calls do not exceed", true,
       [](const m& measured) { return ms(measured.wait.p99); }},
      {"lag-ms", "from the end of the load to the last return", true,
       [](const m& measured) { return ms(measured.lag.max); }},
  };
  return all;
}

expectations parse_expectations(std::string_view text) {
  expectations parsed;
  while (parsed.error.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = trimmed(text.substr(0, comma));
    if (part.empty()) {
      parsed.error =
          "a condition is missing: write NAME OP NUMBER, as in queries-per-event<=1, and separate "
          "conditions by one comma; the names are: " +
          known_names();
      break;
    }
    auto [condition, error] = parse_condition(part);
    parsed.error = std::move(error);
    parsed.conditions.push_back(std::move(condition));
    if (comma == text.size()) break;
    text.remove_prefix(comma + 1);
  }
  if (!parsed.error.empty()) parsed.conditions.clear();
  return parsed;
}

std::vector<check> evaluate(const std::vector<expectation>& conditions,
                            const measurement& measured) {
  std::vector<check> checks;
  for (const expectation& condition : conditions) {
    const double number = condition.quantity->value_of(measured);
    checks.push_back({.text = condition.text,
                      .is_met = holds(number, condition.op, condition.bound),
                      .actual = in_words(number, condition.quantity->is_time)});
  }
  return checks;
}

}  // namespace drover::simulate
