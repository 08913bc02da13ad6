// SPDX-License-Identifier: MIT
// drover-world: runs the library in the simulated world, one schedule for each seed.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string>

#include "world/play/campaign.hpp"
#include "world/play/reduce.hpp"
#include "world/play/report.hpp"
#include "world/play/sweep.hpp"

namespace drover::world {
namespace {

constexpr const char* help_text =
    R"(Runs the library, unchanged, in a simulated world: processes, threads, sockets, a
Redis server, time and faults, all decided by a seed. Every schedule is checked against what
the documentation promises. The same seed gives the same schedule, bit for bit.

  drover-world --schedules 100000          100,000 schedules, from seed 1
  drover-world --seed 4711 --trace         one schedule, with its plan and all events
  drover-world --seed 4711 --reduce        the smallest plan that still fails like this seed
  drover-world --exhaustive                small scenarios: a fault at every step, every order
  drover-world --hours 8 --report r.json   a long campaign; --resume goes on with it

Exit code: 0 no violation; 1 a violation, with its seed; 2 wrong usage; 3 no violation, but some
overlap that matters was not reached, so this is no evidence.)";

struct given {
  std::uint64_t seed = 1;
  std::uint64_t schedules = 1;
  unsigned jobs = 1;
  double hours = 0;
  std::string report;
  bool resumes = false;
  bool traces = false;
  bool reduces = false;
  bool is_exhaustive = false;
  std::uint64_t explored_max = 20'000;
};

void print_violations(std::uint64_t seed, const result& got) {
  for (const violation& seen : got.violations)
    std::printf("seed %" PRIu64 ": %s: %s\n", seed, seen.rule.c_str(), seen.text.c_str());
}

int run_one(const given& with) {
  plan planned = plan_of(with.seed);
  result got = carry_out(planned);
  if (with.reduces && !got.violations.empty()) {
    planned = reduce(planned, got.violations.front().rule);
    got = carry_out(planned);
  }
  if (with.traces || with.reduces) {
    std::fputs(describe(planned).c_str(), stdout);
    std::fflush(stdout);
    static_cast<void>(carry_out(planned, {.prints_events = true}));
  }
  print_violations(with.seed, got);
  std::printf("seed %" PRIu64 ": %" PRIu64 " steps, fingerprint %016" PRIx64 ", %s\n", with.seed,
              got.steps, got.fingerprint, got.violations.empty() ? "no violation" : "VIOLATION");
  return got.violations.empty() ? 0 : 1;
}

int run_exhaustive(const given& with) {
  std::uint64_t schedules = 0;
  std::uint64_t distinct = 0;
  std::uint64_t failed = 0;
  enumerate_all(with.explored_max, [&](const enumeration& ended) {
    schedules += ended.schedules;
    distinct += ended.fingerprints.size();
    failed += ended.failed;
    std::printf(
        "%-60s %7" PRIu64 " schedules, %7zu distinct, %s%s\n", ended.name.c_str(), ended.schedules,
        ended.fingerprints.size(),
        ended.failed == 0 ? "no violation" : (std::to_string(ended.failed) + " VIOLATIONS").c_str(),
        ended.is_complete ? "" : " (limit reached: not all)");
    if (ended.first) {
      std::printf("  %s: %s\n%s", ended.first->rule.c_str(), ended.first->text.c_str(),
                  ended.first_plan.c_str());
    }
    std::fflush(stdout);
  });
  std::printf("%" PRIu64 " schedules, %" PRIu64 " of them distinct, %" PRIu64 " violations\n",
              schedules, distinct, failed);
  return failed == 0 ? 0 : 1;
}

int run_many(const given& with) {
  tally before;
  std::uint64_t first = with.seed;
  if (with.resumes) {
    before = read_report(with.report);
    first = with.seed + before.seeds_given;
  }
  campaign_plan planned{
      .first_seed = first, .schedules = with.schedules, .jobs = with.jobs, .longest = {}};
  if (with.hours > 0) {
    const double left = std::max(with.hours * 3600 - before.wall_seconds, 1.0);
    planned.longest = std::chrono::seconds{static_cast<std::int64_t>(left)};
    planned.schedules = UINT64_MAX / 2;
  }
  const auto sum_with = [&](const tally& sum) {
    tally all = before;
    all.add(sum);
    return all;
  };
  planned.on_progress = [&](const tally& sum) {
    const tally all = sum_with(sum);
    if (!with.report.empty()) write_report(with.report, with.seed, all);
    std::fprintf(stderr, "%" PRIu64 " schedules, %" PRIu64 " violations, %.0f a second and core\n",
                 all.schedules, all.failed, rate_of(all));
  };
  const tally all = sum_with(run_campaign(planned));
  if (!with.report.empty()) write_report(with.report, with.seed, all);
  print_summary(all);
  if (all.failed > 0) {
    std::printf("drover-world --seed %" PRIu64 " --reduce   shows the first one\n",
                all.failures.front().seed);
    return 1;
  }
  return missing_overlaps(all).empty() ? 0 : 3;
}

}  // namespace
}  // namespace drover::world

int main(int count, char** arguments) {
  using namespace drover::world;
  CLI::App app{help_text, "drover-world"};
  given with;
  app.add_option("--seed", with.seed, "The first seed")->capture_default_str();
  auto* const schedules =
      app.add_option("--schedules", with.schedules, "How many schedules, one for each seed")
          ->check(CLI::PositiveNumber)
          ->capture_default_str();
  app.add_option("--jobs", with.jobs, "Processes that run schedules at the same time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  auto* const hours =
      app.add_option("--hours", with.hours, "Run for this long; a resumed report's time counts")
          ->check(CLI::PositiveNumber)
          ->excludes(schedules);
  auto* const report =
      app.add_option("--report", with.report, "Write the sum as JSON to this file");
  app.add_flag("--resume", with.resumes, "Go on with the report: seeds and figures count on")
      ->needs(report);
  app.add_flag("--trace", with.traces, "Print the plan and all events of one schedule");
  app.add_flag("--reduce", with.reduces, "Look for the smallest plan that fails like this seed");
  app.add_flag("--exhaustive", with.is_exhaustive, "Enumerate the small scenarios");
  app.add_option("--explore", with.explored_max,
                 "With --exhaustive: at most so many orders of each scenario")
      ->capture_default_str();
  try {
    app.parse(count, arguments);
    if (with.is_exhaustive) return run_exhaustive(with);
    const bool is_single = hours->count() == 0 && with.schedules == 1;
    return is_single ? run_one(with) : run_many(with);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "drover-world: %s\n", failure.what());
    return 2;
  }
}
