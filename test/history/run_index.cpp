// SPDX-License-Identifier: MIT
#include "history/run_index.hpp"

#include <algorithm>
#include <limits>

namespace drover::history {

void time_spans::merge() {
  std::sort(spans_.begin(), spans_.end(),
            [](const span& a, const span& b) { return a.begin_ns < b.begin_ns; });
  std::vector<span> merged;
  for (const span& next : spans_) {
    if (!merged.empty() && next.begin_ns <= merged.back().end_ns) {
      merged.back().end_ns = std::max(merged.back().end_ns, next.end_ns);
    } else {
      merged.push_back(next);
    }
  }
  spans_ = std::move(merged);
}

std::vector<time_spans::span>::const_iterator time_spans::first_until(std::uint64_t at_ns) const {
  return std::lower_bound(spans_.begin(), spans_.end(), at_ns,
                          [](const span& one, std::uint64_t at) { return one.end_ns < at; });
}

bool time_spans::touches(std::uint64_t begin_ns, std::uint64_t end_ns) const {
  const auto at = first_until(begin_ns);
  return at != spans_.end() && at->begin_ns <= end_ns;
}

std::uint64_t time_spans::first_in(std::uint64_t begin_ns, std::uint64_t end_ns,
                                   std::uint64_t otherwise) const {
  const auto at = first_until(begin_ns);
  return at != spans_.end() && at->begin_ns <= end_ns ? at->begin_ns : otherwise;
}

std::uint64_t time_spans::covered_ns(std::uint64_t begin_ns, std::uint64_t end_ns) const {
  std::uint64_t sum = 0;
  for (auto at = first_until(begin_ns); at != spans_.end() && at->begin_ns < end_ns; ++at) {
    sum += std::min(end_ns, at->end_ns) - std::max(begin_ns, at->begin_ns);
  }
  return sum;
}

run_index::run_index(const std::vector<record>& records, const rules& with) {
  const std::uint64_t aftermath_ns = with.aftermath_ms * 1'000'000;
  for (const record& one : records) {
    switch (one.action) {
      case action::nothing: break;
      case action::process: processes[one.process] = &one; break;
      case action::connection_down: connections_down[one.process].push_back(one.begin_ns); break;
      case action::fault: {
        faults.push_back(&one);
        const std::uint64_t end =
            one.has_ended() ? one.end_ns + aftermath_ns : std::numeric_limits<std::uint64_t>::max();
        if (one.process != everyone) faults_of_process[one.process].add(one.begin_ns, end);
        if (one.end_ns != one.begin_ns) all_faults.add(one.begin_ns, end);
        if (one.detail < with.faults.size() && with.faults[one.detail].ends_leases)
          lease_faults.add(one.begin_ns, end);
        break;
      }
      case action::load: loads[one.load_id] = &one; [[fallthrough]];
      default: by_key[one.key].push_back(&one);
    }
  }
  for (auto& [process, spans] : faults_of_process) spans.merge();
  all_faults.merge();
  lease_faults.merge();
  for (auto& [process, times] : connections_down) std::sort(times.begin(), times.end());
}

const record* run_index::load_of(std::uint64_t load_id) const {
  const auto at = loads.find(load_id);
  return at == loads.end() ? nullptr : at->second;
}

bool run_index::is_proxied(std::uint32_t process) const {
  const auto at = processes.find(process);
  return at != processes.end() && (at->second->flags & history::is_proxied) != 0;
}

bool run_index::is_stopped(const record& one) const {
  const auto at = faults_of_process.find(one.process);
  return at != faults_of_process.end() && at->second.touches(one.begin_ns, one.last_ns());
}

std::uint64_t run_index::death_of(std::uint32_t process) const {
  const auto at = processes.find(process);
  const bool is_dead =
      at != processes.end() && at->second->has_ended() && at->second->outcome != outcome::ended;
  return is_dead ? at->second->end_ns : std::numeric_limits<std::uint64_t>::max();
}

void accuser::accuse(property broken, const record& first, const record& second,
                     const std::string& text) {
  std::uint64_t& count = into_.violations_by_property[static_cast<std::size_t>(broken)];
  if (++count > violations_kept) return;
  into_.violations.push_back({broken, first, second,
                              to_string(broken) + ": " + text + ": " + describe(first, origin_ns_) +
                                  "; " + describe(second, origin_ns_)});
}

}  // namespace drover::history
