// SPDX-License-Identifier: MIT
#include "fault/plan/decider.hpp"

#include <algorithm>
#include <utility>

#include "audit/capture/key_pattern.hpp"
#include "fault/plan/draws.hpp"

namespace drover::faults {
namespace {

/// Draws for different purposes are independent.
constexpr std::uint64_t connection_stream = 0;

bool matches_any(const std::vector<std::string>& globs, std::string_view text) {
  return std::ranges::any_of(
      globs, [&](const std::string& glob) { return audit::glob_matches(glob, text); });
}

bool matches(const name_filter& filter, std::string_view text) {
  return (filter.included.empty() || matches_any(filter.included, text)) &&
         !matches_any(filter.excluded, text);
}

/// An excluded glob excludes the command under either name.
bool matches_command(const name_filter& filter, const request_facts& request) {
  if (matches_any(filter.excluded, request.command) ||
      matches_any(filter.excluded, request.full_command)) {
    return false;
  }
  return filter.included.empty() || matches_any(filter.included, request.command) ||
         matches_any(filter.included, request.full_command);
}

}  // namespace

decider::decider(std::vector<fault_spec> specs, std::uint64_t seed)
    : specs_{std::move(specs)}, seed_{seed}, selected_(specs_.size()), injected_(specs_.size()) {}

bool decider::selects(std::size_t index, const request_facts& request) const {
  const fault_spec& spec = specs_[index];
  if (!is_of_request(spec.kind) || !spec.is_active_at(request.at) ||
      !spec.connections.contains(request.connection) || !matches_command(spec.commands, request)) {
    return false;
  }
  return spec.keys.is_empty() || std::ranges::any_of(request.keys, [&](std::string_view key) {
           return matches(spec.keys, key);
         });
}

/// Counts the selected request. Returns whether nth and every let it through.
bool decider::counts_in(std::size_t index, connection_counts& counts) {
  const fault_spec& spec = specs_[index];
  ++selected_[index];
  std::uint64_t ordinal = selected_[index];
  if (spec.counts_per_connection) {
    if (counts.empty()) counts.resize(specs_.size());
    ordinal = ++counts[index];
  }
  return spec.ordinals.contains(ordinal) && (ordinal - spec.ordinals.first + 1) % spec.every == 0;
}

request_decision decider::on_request(const request_facts& request, connection_counts& counts) {
  request_decision decision;
  for (std::size_t index = 0; index < specs_.size(); ++index) {
    if (selects(index, request) && counts_in(index, counts)) add(index, request, decision);
  }
  return decision;
}

void decider::add(std::size_t index, const request_facts& request, request_decision& to) {
  const fault_spec& spec = specs_[index];
  if (is_fate(spec.kind) && to.fate) return;
  if (spec.kind == fault_kind::slice && to.slices) return;
  if (injected_[index] == spec.limit) return;
  auto draws = draws_for(seed_, {index + 1, request.connection, request.request});
  if (draws.next_unit() > spec.chance) return;
  ++injected_[index];
  switch (spec.kind) {
    case fault_kind::delay: {
      auto& delays = spec.delays_request ? to.request_delays : to.delays;
      delays.push_back({index, spec.delays_until_end ? spec.end_of_window(request.at) - request.at
                                                     : draw_delay(spec.delay, draws)});
      break;
    }
    case fault_kind::push: to.pushes.push_back(index); break;
    case fault_kind::slice: to.slices = index; break;
    default:
      to.fate = index;
      to.cut_position = draws.next_unit();
      break;
  }
}

std::optional<std::size_t> decider::on_connection(std::uint64_t connection, microseconds at) {
  for (std::size_t index = 0; index < specs_.size(); ++index) {
    const fault_spec& spec = specs_[index];
    if (!is_of_connection(spec.kind) || !spec.is_active_at(at) ||
        !spec.connections.contains(connection)) {
      continue;
    }
    ++selected_[index];
    if (injected_[index] == spec.limit) continue;
    if (draws_for(seed_, {index + 1, connection, connection_stream}).next_unit() > spec.chance) {
      continue;
    }
    ++injected_[index];
    return index;
  }
  return std::nullopt;
}

std::optional<std::size_t> decider::down_at(microseconds at) const {
  for (std::size_t index = 0; index < specs_.size(); ++index) {
    const fault_spec& spec = specs_[index];
    if (spec.kind == fault_kind::down && spec.is_active_at(at)) return index;
  }
  return std::nullopt;
}

std::optional<microseconds> decider::next_change_after(microseconds at) const {
  std::optional<microseconds> next;
  const auto consider = [&](microseconds change) {
    if (change > at && (!next || change < *next)) next = change;
  };
  for (const fault_spec& spec : specs_) {
    if (spec.kind != fault_kind::down) continue;
    const microseconds begin = spec.begin_of_window(at);
    consider(begin);
    consider(begin + *spec.length);
    if (spec.period) consider(begin + *spec.period);
  }
  return next;
}

}  // namespace drover::faults
