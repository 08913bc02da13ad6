// SPDX-License-Identifier: MIT
// The part of the engine that answers rules and produces the result at the end of a run.
#include <algorithm>
#include <utility>

#include "audit/engine/engine_body.hpp"
#include "audit/engine/finding_groups.hpp"
#include "audit/engine/line_choice.hpp"
#include "audit/engine/roles.hpp"
#include "audit/engine/verdict.hpp"

namespace drover::audit {

key_role engine::body::role_of(const pattern_state& pattern) const {
  return settled_ ? pattern.role : role_so_far(pattern);
}

std::vector<moment_line> engine::body::timeline(std::span<const key_ref> keys, moment from,
                                                moment to, std::size_t lines_max) const {
  std::vector<std::pair<const history::line*, const key_state*>> matches;
  for (const key_ref ref : keys) {
    const key_state* const key = keys_.find(ref);
    if (key == nullptr) continue;
    history_.for_each(*key, [&](const history::line& line) {
      if (line.summary.sent <= to && line.summary.done >= from) matches.emplace_back(&line, key);
      // The lines are linked in the order of `done`, so that older ones end before `from` too.
      return line.summary.done >= from;
    });
  }
  std::sort(matches.begin(), matches.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first->summary.sent, a.first->summary.sequence) <
           std::pair(b.first->summary.sent, b.first->summary.sequence);
  });
  // The lines of a key that is in `keys` twice appear once.
  matches.erase(std::unique(matches.begin(), matches.end()), matches.end());
  std::vector<bool> changed;
  for (const auto& [line, key] : matches) changed.push_back(line->summary.changed_key());
  std::vector<moment_line> lines;
  std::size_t next = 0;
  for (const std::size_t place : chosen_lines(changed, std::max<std::size_t>(lines_max, 2))) {
    if (place > next) {
      lines.push_back({matches[next].first->summary.sent,
                       matches[place - 1].first->summary.done,
                       0,
                       {},
                       "(" + std::to_string(place - next) + " more)"});
    }
    next = place + 1;
    const op_summary& summary = matches[place].first->summary;
    const auto& processes = connections_.processes();
    lines.push_back({summary.sent, summary.done, summary.connection,
                     summary.process < processes.size() ? processes[summary.process].label : "",
                     text_of(summary, matches[place].second->name), changed[place]});
  }
  return lines;
}

std::optional<std::uint64_t> engine::body::origin_loads() const { return origin_loads_; }

std::optional<std::uint64_t> engine::body::origin_loads_in(moment from, moment to) const {
  if (!origin_loads_) return std::nullopt;
  return timeline_builder_.origin_loads_in(from, to);
}

std::optional<std::int64_t> engine::body::pttl_at_end(std::string_view key) const {
  const auto at = pttls_.find(std::string(key));
  if (at == pttls_.end()) return std::nullopt;
  return at->second;
}

void engine::body::fill_figures(audit_result& result) const {
  audit_result::figures& run = result.run;
  run.length = now_;
  run.commands = commands_;
  run.commands_passed = std::max(commands_, commands_passed_);
  run.connections = connections_.connections_seen();
  run.processes = connections_.processes_seen();
  run.keys = keys_.keys_seen();
  run.origin_loads = origin_loads_.value_or(0);
  for (const pattern_state& pattern : keys_.patterns()) {
    const op_counts& counts = pattern.counts;
    if (pattern.role == key_role::other && counts.changes + counts.stores + counts.won == 0) {
      run.reads_only += counts.reads();
    }
    if (pattern.role != key_role::value) continue;
    run.cold_events += pattern.cold_events;
    run.contended_cold_events += pattern.contended_cold_events;
    run.contended_cold_events_excused += pattern.contended_cold_events_excused;
    run.loads += pattern.loads;
  }
  run.sampled_share = static_cast<double>(keys_per_million_) / all_keys;
  const auto share = [](std::uint64_t lost, std::uint64_t read) {
    return lost == 0 ? 0.0 : static_cast<double>(lost) / static_cast<double>(lost + read);
  };
  run.blind_share = std::max(share(bytes_lost_, bytes_read_), share(events_lost_, commands_));
}

audit_result engine::body::finish() {
  std::vector<key_ref> refs;
  keys_.for_each([&](const key_state& key) { refs.push_back(key.ref); });
  // Close the least recently used keys first, which is roughly the order of time. Report lock holds
  // before cold events, because a rule that uses both needs the lock holds first.
  for (auto at = refs.rbegin(); at != refs.rend(); ++at) {
    key_state* const key = keys_.find(*at);
    if (key->lock != nullptr) lock_holds_.close(*key, true, now_);
  }
  for (auto at = refs.rbegin(); at != refs.rend(); ++at) close(*keys_.find(*at), true);
  settle_roles(keys_.patterns());
  settled_ = true;
  for (const pattern_state& pattern : keys_.patterns()) {
    if (!pattern.united) continue;
    for (const std::unique_ptr<rule>& owned : rules_) {
      owned->on_united(pattern.index, keys_.now_at(pattern.index).index);
    }
  }
  verdicts out;
  for (const std::unique_ptr<rule>& owned : rules_) owned->on_end(*this, out);
  audit_result result;
  result.findings = std::move(out.findings);
  result.notices = std::move(out.notices);
  result.coverage = std::move(out.coverage);
  result.roles = role_lines(keys_.patterns());
  result.command = settings_.command;
  if (origin_loads_left_out_ > 0) {
    result.remarks.push_back(
        "the origin counted " + std::to_string(origin_loads_left_out_) +
        " loads without the names of their keys while a share of the keys was examined; no rule "
        "compares these with the traffic");
  }
  fill_figures(result);
  result.faults = std::move(fault_report_);
  result.timeline = timeline_builder_.finish(keys_.patterns());
  group_findings(result.findings);
  moderate_findings(result);
  sort_findings(result);
  judge(result, settings_);
  progress.commands.store(commands_, std::memory_order_relaxed);
  progress.keys.store(keys_.keys_seen(), std::memory_order_relaxed);
  return result;
}

}  // namespace drover::audit
