// SPDX-License-Identifier: MIT
#include "simulate/herd/run_plan.hpp"

#include <charconv>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace drover::simulate {
namespace {

/// Calls `visit` with the name and the value of every field. This is the only list of the fields.
template <class Plan, class Visit>
void for_each_field(Plan& plan, const Visit& visit) {
  visit("strategy", plan.strategy);
  visit("strategy-command", plan.strategy_command);
  visit("redis", plan.redis_url);
  visit("origin", plan.origin);
  visit("prefix", plan.prefix);
  visit("keys", plan.keys);
  visit("has-rows", plan.has_rows);
  visit("processes", plan.processes);
  visit("callers", plan.callers);
  visit("arrivals", plan.arrivals);
  visit("think-ms", plan.think);
  visit("rate", plan.rate);
  visit("duration-ms", plan.duration);
  visit("ttl-ms", plan.ttl);
  visit("fill-ttl-ms", plan.fill_ttl);
  visit("change-every-ms", plan.change_every);
  visit("load-ms", plan.load);
  visit("capacity", plan.capacity);
  visit("seed", plan.seed);
}

template <class Number>
std::string number_text(Number value) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string text_of(const std::string& value) { return value; }
std::string text_of(bool value) { return value ? "1" : "0"; }
std::string text_of(arrival value) { return number_text(static_cast<unsigned>(value)); }
std::string text_of(std::chrono::milliseconds value) { return number_text(value.count()); }
template <class Number>
requires std::is_arithmetic_v<Number> std::string text_of(Number value) {
  return number_text(value);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool read_into(std::string& field, std::string_view text) {
  field = text;
  return true;
}
bool read_into(bool& field, std::string_view text) {
  field = text == "1";
  return field || text == "0";
}
bool read_into(arrival& field, std::string_view text) {
  const auto value = parse_number<unsigned>(text);
  if (!value || *value > static_cast<unsigned>(arrival::open)) return false;
  field = static_cast<arrival>(*value);
  return true;
}
bool read_into(std::chrono::milliseconds& field, std::string_view text) {
  const auto value = parse_number<std::chrono::milliseconds::rep>(text);
  if (value) field = std::chrono::milliseconds{*value};
  return value.has_value();
}
template <class Number>
requires std::is_arithmetic_v<Number>
bool read_into(Number& field, std::string_view text) {
  const auto value = parse_number<Number>(text);
  if (value) field = *value;
  return value.has_value();
}

}  // namespace

std::string key_name(const run_plan& plan, std::uint32_t number) {
  return plan.prefix + std::to_string(number);
}

std::uint32_t key_number(const run_plan& plan, std::string_view name) {
  if (!name.starts_with(plan.prefix)) return plan.keys;
  const auto number = parse_number<std::uint32_t>(name.substr(plan.prefix.size()));
  return number && *number < plan.keys ? *number : plan.keys;
}

std::vector<std::string> to_arguments(const run_plan& plan) {
  std::vector<std::string> arguments;
  for_each_field(plan, [&arguments](std::string_view name, const auto& value) {
    arguments.push_back("--" + std::string{name} + '=' + text_of(value));
  });
  return arguments;
}

run_plan from_arguments(std::span<const std::string> arguments) {
  run_plan plan;
  for (const std::string_view argument : arguments) {
    const std::size_t equals = argument.find('=');
    bool is_read = false;
    if (argument.starts_with("--") && equals != std::string_view::npos) {
      for_each_field(plan, [&](std::string_view name, auto& field) {
        if (name == argument.substr(2, equals - 2))
          is_read = read_into(field, argument.substr(equals + 1));
      });
    }
    if (!is_read)
      throw std::invalid_argument{"not a valid part of a run's plan: " + std::string{argument}};
  }
  return plan;
}

}  // namespace drover::simulate
