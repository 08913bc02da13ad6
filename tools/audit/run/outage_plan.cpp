// SPDX-License-Identifier: MIT
#include "audit/run/outage_plan.hpp"

#include <utility>
#include <variant>

#include "audit/capture/record_names.hpp"
#include "base/assert.hpp"
#include "fault/plan/spec_parser.hpp"

namespace drover::audit {
namespace {

/// What Redis answers also while it loads its data.
constexpr const char* loading =
    "error code=LOADING "
    "command=!hello,!auth,!client*,!select,!info,!config*,!command*,!quit,!reset";
/// Commands that Redis refuses when its memory is full.
constexpr const char* out_of_memory =
    "error code=OOM "
    "command=set,set[benr]*,psetex,getset,append,mset*,hset*,hmset,hincr*,incr*,decr*,"
    "lpush*,rpush*,linsert,sadd,zadd,zincrby,xadd,pfadd,copy,restore";

const char* cause_of(outage_kind kind) {
  switch (kind) {
    case outage_kind::slow: return "delay time=200ms..400ms";
    case outage_kind::errors: return loading;
    case outage_kind::full: return out_of_memory;
    case outage_kind::silent: return "delay until=end";
    case outage_kind::away: break;
  }
  return "down";
}

std::string in_words_of_script(moment time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

}  // namespace

std::vector<outage_kind> all_outage_kinds() {
  std::vector<outage_kind> all;
  for (std::size_t kind = 0; kind < outage_kind_count; ++kind) {
    all.push_back(static_cast<outage_kind>(kind));
  }
  return all;
}

std::optional<outage_kind> outage_kind_named(std::string_view name) {
  return value_in<outage_kind>(outage_names, name);
}

std::string_view name_of(outage_kind kind) { return name_in(outage_names, kind); }

std::vector<outage_planned> planned_outages(const std::vector<outage_kind>& kinds,
                                            const outage_times& times) {
  std::vector<outage_planned> all;
  moment from = times.before;
  for (const outage_kind kind : kinds) {
    outage_planned outage;
    outage.kind = kind;
    outage.from = from;
    outage.to = from + times.length;
    outage.recovery_until = from = outage.to + times.pause;
    all.push_back(outage);
  }
  return all;
}

std::chrono::milliseconds end_of_outages(const std::vector<outage_kind>& kinds,
                                         const outage_times& times) {
  return times.before + static_cast<std::int64_t>(kinds.size()) * (times.length + times.pause);
}

std::string fault_text_of(const outage_planned& outage) {
  return cause_of(outage.kind) + (" from=" + in_words_of_script(outage.from)) +
         " for=" + in_words_of_script(outage.to - outage.from);
}

faults::fault_spec fault_of(const outage_planned& outage) {
  auto parsed = faults::parse_line(fault_text_of(outage));
  auto* const spec = std::get_if<std::optional<faults::fault_spec>>(&parsed);
  DROVER_ASSERT(spec != nullptr && *spec);
  return **spec;
}

}  // namespace drover::audit
