// SPDX-License-Identifier: MIT
#include "audit/engine/timeline_builder.hpp"

#include <algorithm>

namespace drover::audit {

namespace {

/// The keys of one pattern behave alike, so that a few of them are enough.
constexpr unsigned keys_of_pattern_max = 4;
constexpr std::size_t loads_max = 20'000;

using operation_kind = run_timeline::operation_kind;

operation_kind kind_of(const op& operation) {
  const bool yes = operation.outcome == op_outcome::yes;
  switch (operation.kind) {
    case op_kind::read: return yes ? operation_kind::hit : operation_kind::miss;
    case op_kind::store: return yes ? operation_kind::store : operation_kind::refused;
    case op_kind::acquire: return yes ? operation_kind::acquired : operation_kind::refused;
    case op_kind::remove: return operation_kind::deleted;
    case op_kind::compare_remove: return yes ? operation_kind::released : operation_kind::refused;
    case op_kind::expire:
    case op_kind::compare_expire: return yes ? operation_kind::renewed : operation_kind::refused;
    case op_kind::exists:
    case op_kind::change:
    case op_kind::opaque: break;
  }
  return operation_kind::other;
}

std::uint64_t identity(key_ref key) { return (std::uint64_t{key.generation} << 32U) | key.slot; }

}  // namespace

std::uint32_t timeline_builder::key_of(const key_state& key) const {
  const auto at = keys_.find(identity(key.ref));
  return at == keys_.end() ? no_key : at->second;
}

std::uint32_t timeline_builder::choose(key_state& key) {
  if (timeline_.keys.size() >= settings_.timeline_keys_max) return no_key;
  if (++keys_per_pattern_[key.pattern->index] > keys_of_pattern_max) return no_key;
  const auto index = static_cast<std::uint32_t>(timeline_.keys.size());
  timeline_.keys.push_back(key.name);
  patterns_.push_back(key.pattern->index);
  keys_.emplace(identity(key.ref), index);
  return index;
}

std::size_t timeline_builder::process_of(std::uint32_t process) {
  const auto [at, is_new] = processes_.emplace(process, timeline_.processes.size());
  if (is_new) {
    const auto& all = connections_.processes();
    timeline_.processes.push_back(process < all.size() ? all[process].label : std::string{});
  }
  return at->second;
}

void timeline_builder::add_operation(const op& operation, key_state& key) {
  const bool hit = operation.is_hit();
  if (key.in_timeline == key_state::timeline_choice::no) return;
  std::uint32_t index = no_key;
  if (key.in_timeline == key_state::timeline_choice::yes) {
    index = key_of(key);
  } else {
    // A key is added when it is first missed or acquired. Nothing before that is of interest.
    if (!operation.is_miss() && operation.kind != op_kind::acquire) return;
    index = choose(key);
    key.in_timeline =
        index == no_key ? key_state::timeline_choice::no : key_state::timeline_choice::yes;
    if (index == no_key) return;
  }
  // Hits of live keys may use only half of the room. The rest is kept for cold events.
  const std::size_t room = key.cold != nullptr || !hit ? settings_.timeline_operations_max
                                                       : settings_.timeline_operations_max / 2;
  if (timeline_.operations.size() >= room) {
    ++timeline_.left_out;
    return;
  }
  run_timeline::operation line;
  line.from = operation.sent;
  line.to = operation.done;
  line.process = process_of(operation.process);
  line.key = index;
  line.kind = kind_of(operation);
  line.text = text_of(op_summary(operation), key.name);
  timeline_.operations.push_back(std::move(line));
}

void timeline_builder::add_cold_event(const cold_event& event, const key_state& key) {
  const std::uint32_t index = key_of(key);
  if (index == no_key) return;
  if (timeline_.cold_events.size() >= settings_.timeline_events_max) {
    ++timeline_.left_out;
    return;
  }
  timeline_.cold_events.push_back(
      {index, event.from, event.to, event.demand.requests, event.loading.count, event.by_tool});
}

void timeline_builder::add_load(const load& loaded, const key_state& key) {
  const std::uint32_t index = key_of(key);
  if (index == no_key) return;
  if (timeline_.loads.size() >= loads_max) {
    ++timeline_.left_out;
    return;
  }
  timeline_.loads.push_back({index, process_of(loaded.store.process), loaded.began,
                             loaded.store.done, loaded.store.outcome == op_outcome::yes,
                             loaded.by_nx});
}

void timeline_builder::remove_nx_loads(const cold_event& event, const key_state& key) {
  const std::uint32_t index = key_of(key);
  if (index == no_key) return;
  // The loads of a cold event are among the latest ones.
  std::vector<run_timeline::load>& loads = timeline_.loads;
  auto first = loads.end();
  while (first != loads.begin() && std::prev(first)->to >= event.from) --first;
  loads.erase(std::remove_if(first, loads.end(),
                             [&](const run_timeline::load& drawn) {
                               return drawn.key == index && drawn.by_nx && drawn.to >= event.from &&
                                      drawn.to <= event.to;
                             }),
              loads.end());
}

run_timeline timeline_builder::finish(const std::deque<pattern_state>& patterns) {
  for (const std::uint32_t pattern : patterns_) timeline_.roles.push_back(patterns[pattern].role);
  return std::move(timeline_);
}

}  // namespace drover::audit
