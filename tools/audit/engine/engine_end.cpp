// SPDX-License-Identifier: MIT
// The part of the engine that answers rules and produces the result at the end of a run.
#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "audit/engine/engine_body.hpp"
#include "audit/engine/finding_groups.hpp"
#include "audit/engine/line_choice.hpp"
#include "audit/engine/roles.hpp"
#include "audit/engine/verdict.hpp"

namespace drover::audit {
namespace {

std::uint64_t sum_of_counts(const std::vector<std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

}  // namespace

key_role engine::body::role_of(const pattern_state& pattern) const {
  return settled_ ? pattern.role : role_so_far(pattern);
}

std::vector<moment_line> engine::body::timeline(std::span<const key_ref> keys, moment from,
                                                moment to,
                                                std::span<const decisive_operation> decisive,
                                                std::size_t lines_max) const {
  struct match {
    const op_summary* summary;
    const key_state* key;
    bool is_decisive;
    [[nodiscard]] auto order() const { return std::tuple(summary->sent, summary->sequence, key); }
    [[nodiscard]] bool is(const decisive_operation& named) const {
      return named.operation.sequence == summary->sequence &&
             named.operation.kind == summary->kind && named.key == key->ref;
    }
  };
  std::vector<match> matches;
  for (const key_ref ref : keys) {
    const key_state* const key = keys_.find(ref);
    if (key == nullptr) continue;
    history_.for_each(*key, [&](const history::line& line) {
      if (line.summary.sent <= to && line.summary.done >= from) {
        matches.push_back({&line.summary, key, false});
      }
      // The lines are linked in the order of `done`, so that older ones end before `from` too.
      return line.summary.done >= from;
    });
  }
  for (const decisive_operation& named : decisive) {
    bool is_found = false;
    for (match& found : matches) {
      if (!found.is(named)) continue;
      found.is_decisive = is_found = true;
    }
    const key_state* const key = keys_.find(named.key);
    if (!is_found && key != nullptr) matches.push_back({&named.operation, key, true});
  }
  std::stable_sort(matches.begin(), matches.end(),
                   [](const match& a, const match& b) { return a.order() < b.order(); });
  // The lines of a key that is in `keys` twice appear once.
  matches.erase(std::unique(matches.begin(), matches.end(),
                            [](const match& a, const match& b) { return a.summary == b.summary; }),
                matches.end());
  std::vector<line_weight> weights;
  for (const match& found : matches) {
    weights.push_back(found.is_decisive              ? line_weight::decisive
                      : found.summary->changed_key() ? line_weight::changed_key
                                                     : line_weight::other);
  }
  std::vector<moment_line> lines;
  std::size_t next = 0;
  for (const std::size_t place : chosen_lines(weights, std::max<std::size_t>(lines_max, 2))) {
    if (place > next) {
      lines.push_back({matches[next].summary->sent,
                       matches[place - 1].summary->done,
                       0,
                       {},
                       "(" + std::to_string(place - next) + " more)",
                       false,
                       false,
                       place - next});
    }
    next = place + 1;
    const op_summary& summary = *matches[place].summary;
    const auto& processes = connections_.processes();
    lines.push_back({summary.sent, summary.done, summary.connection,
                     summary.process < processes.size() ? processes[summary.process].label : "",
                     text_of(summary, matches[place].key->name), summary.changed_key(),
                     matches[place].is_decisive, 0});
  }
  return lines;
}

std::optional<std::uint64_t> engine::body::origin_loads() const {
  return outages_.is_empty() ? origin_loads_ : std::nullopt;
}

std::optional<std::int64_t> engine::body::pttl_at_end(std::string_view key) const {
  const auto at = pttls_.find(std::string(key));
  if (at == pttls_.end()) return std::nullopt;
  return at->second;
}

void engine::body::fill_charts(run_timeline& timeline) {
  const auto is_value = [this](std::uint32_t pattern) {
    return keys_.now_at(pattern).role == key_role::value;
  };
  timeline.loads_each_second = load_counts_.each_second(is_value);
  timeline.refreshes_each_second = refresh_counts_.each_second(is_value);
  timeline.origin_each_second = origin_counts_.each_second([](std::uint32_t) { return true; });
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
  }
  // The figures are the sums of the charts.
  run.loads = sum_of_counts(result.timeline.loads_each_second);
  run.refreshes = sum_of_counts(result.timeline.refreshes_each_second);
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
  note_not_judged(result.coverage, out.not_judged);
  result.roles = role_lines(keys_.patterns());
  result.command = settings_.command;
  if (origin_loads_left_out_ > 0) {
    result.remarks.push_back(
        "the origin counted " + std::to_string(origin_loads_left_out_) +
        " loads without the names of their keys while a share of the keys was examined; no rule "
        "compares these with the traffic");
  }
  result.faults = std::move(fault_report_);
  result.outages = outages_.results(now_);
  result.timeline = timeline_builder_.finish(keys_.patterns());
  fill_charts(result.timeline);
  fill_figures(result);
  group_findings(result.findings);
  moderate_findings(result);
  sort_findings(result);
  judge(result, settings_);
  progress.commands.store(commands_, std::memory_order_relaxed);
  progress.keys.store(keys_.keys_seen(), std::memory_order_relaxed);
  return result;
}

}  // namespace drover::audit
