// SPDX-License-Identifier: MIT
#include "campaign/campaign_report.hpp"

#include <drover/observer.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "campaign/fault_table.hpp"

namespace drover::campaign {

namespace {

constexpr std::size_t violations_shown = 50;
constexpr int format_version = 1;

std::map<std::string, std::uint64_t> figures_of(const round_result& round) {
  const history::figures& from = round.found.figures;
  std::map<std::string, std::uint64_t> all{
      {"records", round.records},
      {"processes", from.processes},
      {"gets", from.gets},
      {"writes", from.writes},
      {"invalidations", from.invalidations},
      {"invalidations_unknown", from.invalidations_unknown},
      {"loads", from.loads},
      {"loads_under_lease", from.loads_under_lease},
      {"loads_of_a_key_at_once_max", from.loads_at_once_max},
      {"gets_over_invalidations", from.gets_over_invalidations},
      {"loads_over_invalidations", from.loads_over_invalidations},
      {"gets_over_faults", from.gets_over_faults},
      {"bypassed_older_than_an_invalidation", from.bypassed_older},
      {"settled_gets", from.settled_gets},
      {"settled_processes_missing",
       round.processes_at_end - std::min(round.processes_at_end, from.settled_processes)},
      {"get_ms_max", from.get_max_ms},
      {"past_deadline_ms_max", from.past_deadline_max_ms},
      {"stale_past_grace_ms_max", from.stale_age_max_ms},
  };
  for (const history::outcome how :
       {history::outcome::open, history::outcome::fresh, history::outcome::stale,
        history::outcome::loaded, history::outcome::joined, history::outcome::bypassed,
        history::outcome::failed, history::outcome::refused})
    all["gets_" + to_string(how)] = from.gets_by_outcome[static_cast<std::size_t>(how)];
  for (const event_kind kind :
       {event_kind::fill_stored, event_kind::fill_refused, event_kind::lease_lost,
        event_kind::lease_taken_over, event_kind::bypass_started, event_kind::connection_down,
        event_kind::entry_corrupt, event_kind::load_timed_out})
    all["events_" + std::string{to_string(kind)}] = round.events[static_cast<std::size_t>(kind)];
  return all;
}

}  // namespace

void campaign_report::add(const round_result& round, std::uint64_t round_seed,
                          double took_seconds) {
  ++rounds;
  seconds += took_seconds;
  for (const auto& [name, value] : figures_of(round)) {
    std::uint64_t& sum = figures[name];
    sum = name.ends_with("_max") ? std::max(sum, value) : sum + value;
  }
  const std::vector<history::fault_rules> kinds = rules_of_faults();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    faults[kinds[i].name] += round.found.figures.faults_by_kind[i];
    gets_by_fault[kinds[i].name] += round.found.figures.gets_by_fault[i];
  }
  for (std::size_t i = 0; i < history::property_count; ++i) {
    violations_by_property[to_string(static_cast<history::property>(i))] +=
        round.found.violations_by_property[i];
  }
  for (const history::violation& one : round.found.violations) {
    if (violations.size() < violations_shown)
      violations.push_back("seed " + std::to_string(round_seed) + ": " + one.text);
  }
}

std::uint64_t campaign_report::violation_count() const {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : violations_by_property) sum += count;
  return sum;
}

// The limits are far below what two busy processors reach: about a twentieth.
std::vector<std::string> campaign_report::missing_evidence() const {
  const auto least = [&](std::string_view what, std::uint64_t got, double per_second) {
    const auto needed = static_cast<std::uint64_t>(per_second * std::max(seconds, 20.0));
    return got >= needed ? std::string{}
                         : std::string{what} + ": " + std::to_string(got) + " of at least " +
                               std::to_string(needed);
  };
  const auto figure = [&](const char* name) {
    const auto at = figures.find(name);
    return at == figures.end() ? 0 : at->second;
  };
  std::vector<std::string> missing{
      least("gets", figure("gets"), 200),
      least("gets that overlap an acknowledged invalidation", figure("gets_over_invalidations"), 2),
      least("loads that overlap an acknowledged invalidation", figure("loads_over_invalidations"),
            0.5),
      least("gets that overlap a fault", figure("gets_over_faults"), 20),
      least("refused fills", figure("events_fill_refused"), 0.2),
      least("loads under a lease that can be judged", figure("loads_under_lease"), 1),
      least("stale values", figure("gets_stale"), 1),
      least("bypassed values", figure("gets_bypassed"), 1),
      least("gets after the last fault", figure("settled_gets"), 5),
  };
  if (figure("settled_processes_missing") != 0)
    missing.emplace_back("a process read nothing after the last fault");
  for (const char* const kind :
       {"server killed", "server restored", "server stopped", "clients killed", "flushed",
        "evicted", "no memory", "replica", "worker stopped", "worker killed", "clients paused",
        "scripts flushed", "no permission", "proxy: delay", "proxy: slice", "proxy: push",
        "proxy: cut", "proxy: error"}) {
    const auto at = gets_by_fault.find(kind);
    if (at == gets_by_fault.end() || at->second == 0)
      missing.push_back("no get overlaps this fault: " + std::string{kind});
  }
  std::erase(missing, std::string{});
  return missing;
}

int campaign_report::exit_status() const {
  if (violation_count() != 0) return exit_violation;
  return missing_evidence().empty() ? 0 : exit_no_evidence;
}

std::string campaign_report::text() const {
  std::string out = "seed " + std::to_string(seed) + ", " + std::to_string(rounds) + " rounds, " +
                    std::to_string(static_cast<std::uint64_t>(seconds)) + " seconds, " +
                    std::to_string(processes) + " processes\n";
  const auto line = [&](const std::string& name, std::uint64_t value) {
    std::string number = std::to_string(value);
    number.insert(0, number.size() < 12 ? 12 - number.size() : 0, ' ');
    out += number + "  " + name + "\n";
  };
  for (const auto& [name, value] : figures) line(name, value);
  out += "faults, and gets that overlap one:\n";
  for (const auto& [name, value] : faults) {
    line(name + ", " + std::to_string(gets_by_fault.at(name)) + " gets", value);
  }
  out += "violations:\n";
  for (const auto& [name, value] : violations_by_property) line(name, value);
  for (const std::string& one : violations) out += one + "\n";
  return out;
}

std::string campaign_report::progress_line() const {
  return "round " + std::to_string(rounds) + ", " +
         std::to_string(static_cast<std::uint64_t>(seconds)) +
         " s: " + std::to_string(figures.at("gets")) + " gets, " +
         std::to_string(figures.at("gets_over_faults")) + " over faults, " +
         std::to_string(figures.at("invalidations")) + " invalidations, " +
         std::to_string(violation_count()) + " violations";
}

void campaign_report::write(const std::string& path) const {
  const nlohmann::json document{{"format", format_version},
                                {"seed", seed},
                                {"processes", processes},
                                {"rounds", rounds},
                                {"seconds", seconds},
                                {"figures", figures},
                                {"faults", faults},
                                {"gets_by_fault", gets_by_fault},
                                {"violations_by_property", violations_by_property},
                                {"violations", violations},
                                {"missing_evidence", missing_evidence()}};
  const std::string next = path + ".next";
  {
    std::ofstream out{next};
    out << document.dump(2) << "\n";
    if (!out.flush()) throw std::runtime_error{"cannot write " + next};
  }
  if (std::rename(next.c_str(), path.c_str()) != 0)
    throw std::runtime_error{"cannot write " + path};
}

campaign_report campaign_report::read(const std::string& path) {
  std::ifstream in{path};
  if (!in) throw std::runtime_error{"cannot read " + path};
  try {
    const nlohmann::json document = nlohmann::json::parse(in);
    if (document.at("format") != format_version)
      throw std::runtime_error{path + " is a report of another version"};
    campaign_report report;
    document.at("seed").get_to(report.seed);
    document.at("processes").get_to(report.processes);
    document.at("rounds").get_to(report.rounds);
    document.at("seconds").get_to(report.seconds);
    document.at("figures").get_to(report.figures);
    document.at("faults").get_to(report.faults);
    document.at("gets_by_fault").get_to(report.gets_by_fault);
    document.at("violations_by_property").get_to(report.violations_by_property);
    document.at("violations").get_to(report.violations);
    return report;
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error{path + " is not a report: " + error.what()};
  }
}

}  // namespace drover::campaign
