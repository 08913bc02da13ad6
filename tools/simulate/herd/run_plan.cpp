// SPDX-License-Identifier: MIT
#include "simulate/herd/run_plan.hpp"

#include <charconv>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace drover::simulate {
namespace {

/// Calls `see` with the name and the value of every field. This is the only list of the fields.
template <class Plan, class See>
void each_field(Plan& plan, const See& see) {
  see("strategy", plan.strategy);
  see("strategy-command", plan.strategy_command);
  see("redis", plan.redis_url);
  see("origin", plan.origin);
  see("prefix", plan.prefix);
  see("keys", plan.keys);
  see("has-rows", plan.has_rows);
  see("processes", plan.processes);
  see("callers", plan.callers);
  see("comes", plan.comes);
  see("think-ms", plan.think);
  see("rate", plan.rate);
  see("duration-ms", plan.duration);
  see("ttl-ms", plan.ttl);
  see("fill-ttl-ms", plan.fill_ttl);
  see("change-every-ms", plan.change_every);
  see("load-ms", plan.load);
  see("capacity", plan.capacity);
  see("seed", plan.seed);
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
std::optional<Number> number_in(std::string_view text) {
  Number value{};
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stopped != text.data() + text.size()) return std::nullopt;
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
  const auto value = number_in<unsigned>(text);
  if (!value || *value > static_cast<unsigned>(arrival::open)) return false;
  field = static_cast<arrival>(*value);
  return true;
}
bool read_into(std::chrono::milliseconds& field, std::string_view text) {
  const auto value = number_in<std::chrono::milliseconds::rep>(text);
  if (value) field = std::chrono::milliseconds{*value};
  return value.has_value();
}
template <class Number>
requires std::is_arithmetic_v<Number>
bool read_into(Number& field, std::string_view text) {
  const auto value = number_in<Number>(text);
  if (value) field = *value;
  return value.has_value();
}

}  // namespace

std::string key_name(const run_plan& of, std::uint32_t number) {
  return of.prefix + std::to_string(number);
}

std::uint32_t key_number(const run_plan& of, std::string_view name) {
  if (!name.starts_with(of.prefix)) return of.keys;
  const auto number = number_in<std::uint32_t>(name.substr(of.prefix.size()));
  return number && *number < of.keys ? *number : of.keys;
}

std::vector<std::string> to_arguments(const run_plan& plan) {
  std::vector<std::string> arguments;
  each_field(plan, [&arguments](std::string_view name, const auto& value) {
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
      each_field(plan, [&](std::string_view name, auto& field) {
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
