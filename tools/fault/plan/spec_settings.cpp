// SPDX-License-Identifier: MIT
#include "fault/plan/spec_settings.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "audit/capture/command_table.hpp"
#include "fault/plan/fault_kinds.hpp"
#include "fault/plan/spec_values.hpp"

namespace drover::faults {
namespace {

using enum fault_kind;

constexpr kind_set of_requests{delay, slice, push, cut, drop, duplicate, error, reset, half_open};
constexpr kind_set of_connections{delay, slice, push,      cut,    drop,      duplicate,
                                  error, reset, half_open, refuse, black_hole};
constexpr kind_set of_any{delay, slice, push,      cut,    drop,       duplicate,
                          error, reset, half_open, refuse, black_hole, down};
constexpr std::size_t error_text_max = 1000;
constexpr std::uint64_t size_max = std::uint64_t{1} << 30U;

template <class Value, class Target>
bool assign(const std::optional<Value>& value, Target& target) {
  if (!value) return false;
  target = *value;
  return true;
}

bool apply_time(fault_spec& spec, const std::string& value) {
  const auto range = parse_time_range(value);
  if (!range) return false;
  spec.delay.low = range->first;
  spec.delay.high = range->second;
  return true;
}

bool apply_mean(fault_spec& spec, const std::string& value) {
  const auto mean = parse_time(value);
  if (!mean || mean->count() == 0) return false;
  spec.delay.mean = *mean;
  return true;
}

bool apply_max(fault_spec& spec, const std::string& value) {
  const auto time = parse_time(value);
  if (!time || time->count() == 0) return false;
  spec.delay.high = *time;
  return true;
}

bool apply_size(fault_spec& spec, const std::string& value) {
  return assign(parse_number(value, 1, size_max), spec.slice_size);
}

bool apply_bytes(fault_spec& spec, const std::string& value) {
  spec.bytes = value;
  return !value.empty();
}

bool apply_at(fault_spec& spec, const std::string& value) {
  if (value == "random") return true;
  return assign(parse_number(value, 0, size_max), spec.cut_at);
}

bool apply_by(fault_spec& spec, const std::string& value) {
  spec.cuts_by_reset = value == "reset";
  return value == "reset" || value == "end";
}

bool apply_code(fault_spec& spec, const std::string& value) {
  std::string code = value;
  std::ranges::transform(code, code.begin(), audit::upper);
  const auto known = std::ranges::find(known_errors(), code, &server_error::code);
  if (known == known_errors().end()) return false;
  spec.bytes = '-' + code + ' ' + std::string{known->text} + "\r\n";
  return true;
}

bool apply_text(fault_spec& spec, const std::string& value) {
  const bool is_line = value.find_first_of("\r\n") == std::string::npos;
  spec.bytes = '-' + value + "\r\n";
  return is_line && !value.empty() && value.size() <= error_text_max;
}

bool apply_executed(fault_spec& spec, const std::string& value) {
  return assign(parse_answer(value), spec.is_executed);
}

bool apply_command(fault_spec& spec, const std::string& value) {
  std::string globs = value;
  std::ranges::transform(globs, globs.begin(), audit::upper);
  return assign(parse_filter(globs), spec.commands);
}

bool apply_every(fault_spec& spec, const std::string& value) {
  return assign(parse_number(value, 1, no_maximum), spec.every);
}

bool apply_per(fault_spec& spec, const std::string& value) {
  spec.counts_per_connection = value == "connection";
  return value == "connection" || value == "proxy";
}

bool apply_period(fault_spec& spec, const std::string& value) {
  spec.period = parse_time(value);
  return spec.period && spec.period->count() > 0;
}

bool apply_of(fault_spec& spec, const std::string& value) {
  spec.delays_request = value == "request";
  return value == "request" || value == "reply";
}

bool apply_until(fault_spec& spec, const std::string& value) {
  spec.delays_until_end = value == "end";
  return spec.delays_until_end;
}

bool apply_for(fault_spec& spec, const std::string& value) {
  spec.length = parse_time(value);
  return spec.length && spec.length->count() > 0;
}

constexpr std::string_view time_form =
    "a time of at most 1h with its unit, such as 250us, 20ms or 2s";
constexpr std::string_view range_form = "a number from 1, or a range such as 3..5 or 3..";

constexpr std::array<setting, 24> settings{{
    {"time",
     "TIME|MIN..MAX",
     "a time or range of times of at most 1h, such as 20ms or 10ms..80ms",
     "the delay: fixed, or uniform between MIN and MAX",
     {delay},
     true,
     apply_time},
    {"mean",
     "TIME",
     "a time from 1us to 1h, such as 20ms",
     "an exponentially distributed delay with this mean",
     {delay},
     true,
     apply_mean},
    {"max",
     "TIME",
     "a time from 1us to 1h, such as 200ms",
     "with mean: the longest delay; ten times the mean by default",
     {delay},
     true,
     apply_max},
    {"of",
     "reply|request",
     "reply or request",
     "what is delayed: the reply (the default), or the request on its way to the server",
     {delay},
     true,
     apply_of},
    {"until",
     "end",
     "end",
     "the delay lasts until the end of the window, as if the server were frozen",
     {delay},
     true,
     apply_until},
    {"size",
     "N",
     "a number of bytes from 1",
     "bytes in each slice; 1 by default",
     {slice},
     true,
     apply_size},
    {"pause",
     "TIME",
     time_form,
     "time between two slices; 1ms by default",
     {slice},
     true,
     [](fault_spec& spec, const std::string& value) {
       return assign(parse_time(value), spec.slice_pause);
     }},
    {"bytes",
     "\"BYTES\"",
     "the bytes to send, at least one, such as \">2\\r\\n+a\\r\\n+b\\r\\n\"",
     "what is pushed; an invalidation of the request's first key by default",
     {push},
     true,
     apply_bytes},
    {"at",
     "N|random",
     "a number of bytes, or random",
     "how many bytes of the reply arrive; random by default: at least one, and not all",
     {cut},
     true,
     apply_at},
    {"by",
     "end|reset",
     "end or reset",
     "how the connection is closed; end by default",
     {cut},
     true,
     apply_by},
    {"code",
     "CODE",
     "one of the error codes that --list-faults prints; text=\"...\" takes any error",
     "an error of Redis with its usual text",
     {error},
     true,
     apply_code},
    {"text",
     "\"ERROR\"",
     "one line of at most 1000 bytes, such as \"ERR my own error\"",
     "the text of the error, instead of code",
     {error},
     true,
     apply_text},
    {"executed",
     "yes|no",
     "yes or no",
     "whether the server gets the request; no by default, and yes for drop",
     {drop, error, reset, half_open},
     true,
     apply_executed},
    {"command", "GLOB,...", "globs between commas, such as get,h* or !hello",
     "names of commands, in any case of letters; a glob after ! excludes", of_requests, false,
     apply_command},
    {"key", "GLOB,...", "globs between commas, such as user:* or !user:1",
     "a request that has such a key; a glob after ! excludes", of_requests, false,
     [](fault_spec& spec, const std::string& value) {
       return assign(parse_filter(value), spec.keys);
     }},
    {"connection", "N|N..M", range_form, "numbers of connections, in the order of their opening",
     of_connections, false,
     [](fault_spec& spec, const std::string& value) {
       return assign(parse_number_range(value), spec.connections);
     }},
    {"nth", "N|N..M", range_form, "which of the selected requests, counted from 1", of_requests,
     false,
     [](fault_spec& spec, const std::string& value) {
       return assign(parse_number_range(value), spec.ordinals);
     }},
    {"every", "N", "a number from 1", "one in N of the selected requests", of_requests, false,
     apply_every},
    {"per", "proxy|connection", "proxy or connection",
     "where nth and every count: over all connections (the default), or in each", of_requests,
     false, apply_per},
    {"chance", "SHARE", "a share of more than 0 and at most 1, such as 10% or 0.1",
     "the share of the selected requests or connections, drawn by --seed", of_connections, false,
     [](fault_spec& spec, const std::string& value) {
       return assign(parse_share(value), spec.chance);
     }},
    {"from", "TIME", time_form, "begin of the window of time, since the start of the proxy", of_any,
     false,
     [](fault_spec& spec, const std::string& value) {
       return assign(parse_time(value), spec.from);
     }},
    {"for", "TIME", "a time of more than 0 and at most 1h, such as 2s",
     "length of the window of time", of_any, false, apply_for},
    {"period", "TIME", "a time of more than 0 and at most 1h, such as 10s",
     "with for: the window begins again after each such time", of_any, false, apply_period},
    {"limit", "N", "a number from 1", "the fault is injected at most so many times", of_connections,
     false,
     [](fault_spec& spec, const std::string& value) {
       return assign(parse_number(value, 1, no_maximum), spec.limit);
     }},
}};

}  // namespace

std::span<const setting> all_settings() { return settings; }

}  // namespace drover::faults
