// SPDX-License-Identifier: MIT
// The campaign is tested, too: it must find clients that are broken on purpose, and accuse no
// other. And what a flush of everything costs the origin.
#include <gtest/gtest.h>
#include <drover/observer.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "campaign/campaign_report.hpp"
#include "campaign/campaign_world.hpp"
#include "campaign/value_text.hpp"
#include "history/checker.hpp"
#include "support/child_process.hpp"

namespace drover::campaign {
namespace {

using namespace std::chrono_literals;
using history::property;

world_settings small_world() {
  world_settings settings;
  settings.program = DROVER_EXAMPLE_DIR "/drover-campaign";
  settings.processes = 4;
  settings.plan.keys = 12;
  settings.plan.changes_per_mille = 40;
  return settings;
}

history::findings check_records(const campaign_world& world) {
  history::rules rules;
  rules.caches = rules_of_caches(false);
  rules.faults = rules_of_faults();
  return history::check(world.records(), rules);
}

/// Runs the world for some seconds and until enough values were served, without faults of the
/// driver.
history::findings play(const world_settings& settings) {
  constexpr std::uint64_t gets_min = 600;
  campaign_world world{settings};
  const auto begun = std::chrono::steady_clock::now();
  const auto since = [&] { return std::chrono::steady_clock::now() - begun; };
  while (since() < 3s || (world.table().gets < gets_min && since() < 60s))
    std::this_thread::sleep_for(10ms);
  world.finish();
  history::findings found = check_records(world);
  std::printf("%llu gets;", static_cast<unsigned long long>(found.figures.gets));
  for (std::size_t i = 0; i < history::property_count; ++i) {
    std::printf(" %s %llu", to_string(static_cast<property>(i)).c_str(),
                static_cast<unsigned long long>(found.violations_by_property[i]));
  }
  std::printf("\n");
  return found;
}

std::uint64_t count_of(const history::findings& found, property broken) {
  return found.violations_by_property[static_cast<std::size_t>(broken)];
}

std::string texts_of(const history::findings& found) {
  std::string all;
  for (const history::violation& one : found.violations) all += one.text + "\n";
  return all;
}

TEST(campaign, AccusesNoHealthyClient) {
  world_settings settings = small_world();
  settings.proxy_script = "delay time=1ms..60ms chance=20%";
  const history::findings found = play(settings);
  EXPECT_EQ(found.violations.size(), 0U) << texts_of(found);
  EXPECT_GT(found.figures.gets, 100U);
  EXPECT_GT(found.figures.invalidations, 5U);
}

/// Plays worlds with other seeds until each property has been violated: a mistake shows only when
/// operations overlap, which a busy machine allows less often.
history::findings search(world_settings settings, const std::vector<property>& sought) {
  constexpr std::uint64_t worlds_max = 10;
  history::findings sum;
  const auto is_found = [&sum](property broken) { return count_of(sum, broken) > 0; };
  while (settings.seed <= worlds_max && !std::ranges::all_of(sought, is_found)) {
    const history::findings found = play(settings);
    for (std::size_t i = 0; i < history::property_count; ++i)
      sum.violations_by_property[i] += found.violations_by_property[i];
    sum.violations.insert(sum.violations.end(), found.violations.begin(), found.violations.end());
    ++settings.seed;
  }
  return sum;
}

// As redis-py 4.5.1 did (CVE-2023-28858).
TEST(campaign, FindsAClientThatLosesItsPlaceAfterACancelledCommand) {
  world_settings settings = small_world();
  settings.broken_client = client_kind::loses_place;
  settings.broken_processes = 2;
  settings.all_behind_proxy = true;
  settings.proxy_script = "delay time=1ms..60ms chance=20%";
  const history::findings found = search(settings, {property::identity});
  EXPECT_GT(count_of(found, property::identity), 0U);
}

TEST(campaign, FindsAWorkerThatSkipsItsInvalidations) {
  world_settings settings = small_world();
  settings.broken_client = client_kind::skips_invalidation;
  settings.broken_processes = 1;
  const history::findings found = search(settings, {property::fresh});
  EXPECT_GT(count_of(found, property::fresh), 0U);
  EXPECT_EQ(count_of(found, property::identity), 0U) << texts_of(found);
}

TEST(campaign, FindsAWorkerThatFillsWithoutAFence) {
  world_settings settings = small_world();
  settings.broken_client = client_kind::unfenced;
  settings.broken_processes = 1;
  const history::findings found = search(settings, {property::fresh, property::one_load});
  EXPECT_GT(count_of(found, property::fresh), 0U);
  EXPECT_GT(count_of(found, property::one_load), 0U) << "nor does it ask for a lease";
  EXPECT_EQ(count_of(found, property::identity), 0U) << texts_of(found);
}

TEST(campaign, FindsACrash) {
  campaign_world world{small_world()};
  world.signal_worker(0, SIGABRT);
  world.finish();
  EXPECT_EQ(count_of(check_records(world), property::ended), 1U);
}

TEST(campaign_program, TellsInvalidUsageApart) {
  const auto status = [](const std::vector<std::string>& arguments) {
    return test::run_program(small_world().program, arguments).status;
  };
  EXPECT_EQ(status({"--help"}), 0);
  EXPECT_EQ(status({"--secnds", "3"}), 2);
  EXPECT_EQ(status({"--seconds"}), 2);
  EXPECT_EQ(status({"--seconds", "soon"}), 2);
  EXPECT_EQ(status({"--seed", "1.5"}), 2);
  EXPECT_EQ(status({"--processes", "1"}), 2);
  EXPECT_EQ(status({"--resume"}), 2);
  EXPECT_EQ(status({"--resume", "--report", "/dev/null"}), 4) << "it is no report";
}

/// A time without changes, in which the values served are counted.
class recovery : public testing::Test {
 protected:
  static constexpr std::uint32_t keys = 100;

  static world_settings settings() {
    world_settings with = small_world();
    with.processes = 8;
    with.plan.is_calm = true;
    with.plan.changes_per_mille = 0;
    with.plan.keys = keys;
    with.plan.pause_us = 4000;
    with.loads_at_once_max = 4;
    with.load_us = 20'000;
    return with;
  }

  double gets_per_second(std::chrono::milliseconds time) const {
    const auto begun = std::chrono::steady_clock::now();
    const std::uint64_t before = world.table().gets;
    std::this_thread::sleep_for(time);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    return static_cast<double>(world.table().gets - before) / took.count();
  }
  [[nodiscard]] std::uint32_t loads_of(std::uint32_t key) const {
    return world.origin().of(key).loads;
  }
  /// Waits until all keys have been loaded this often, and no load runs.
  [[nodiscard]] bool all_loaded(std::uint32_t times) const {
    const auto until = std::chrono::steady_clock::now() + 90s;
    while (std::chrono::steady_clock::now() < until) {
      bool are_loaded = world.table().loads_running == 0;
      for (std::uint32_t i = 0; i < keys && are_loaded; ++i) {
        for (std::uint32_t cache = 0; cache < cache_count; ++cache)
          are_loaded = are_loaded && loads_of(history::key_of(cache, i)) >= times;
      }
      if (are_loaded) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }

  [[nodiscard]] bool all_stored(std::uint32_t times) const {
    const auto until = std::chrono::steady_clock::now() + 90s;
    const auto& stored = world.table().events[static_cast<std::size_t>(event_kind::fill_stored)];
    while (stored < cache_count * keys * times) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }

  campaign_world world{settings()};
};

TEST_F(recovery, LoadsEachKeyOnceAfterEverythingIsFlushed) {
  ASSERT_TRUE(all_loaded(1));
  ASSERT_TRUE(all_stored(1));
  for (std::uint32_t i = 0; i < keys; ++i) {
    ASSERT_EQ(loads_of(history::key_of(0, i)), 1U) << "item " << i << " before the flush";
    ASSERT_EQ(loads_of(history::key_of(1, i)), 1U) << "page " << i << " before the flush";
  }
  const double before = gets_per_second(2s);
  const auto flushed = std::chrono::steady_clock::now();
  world.server().command({"FLUSHALL"});
  const double during = gets_per_second(1s);
  ASSERT_TRUE(all_loaded(2));
  ASSERT_TRUE(all_stored(2));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - flushed;
  const double after = gets_per_second(2s);
  world.finish();
  for (std::uint32_t i = 0; i < keys; ++i) {
    EXPECT_EQ(loads_of(history::key_of(0, i)), 2U) << "item " << i;
    EXPECT_EQ(loads_of(history::key_of(1, i)), 2U) << "page " << i;
  }
  std::printf(
      "after FLUSHALL: %u keys loaded once each, 4 loads of 20 ms at once; the last key was loaded "
      "after %.1f s; goodput %.0f %% in the first second, %.0f %% after that\n",
      cache_count * keys, took.count(), 100 * during / before, 100 * after / before);
}

TEST(campaign_value, ShowsEveryChangeOfAByte) {
  const std::string text = value_text({.key = 65537, .version = 3, .load_id = 12});
  const auto read = read_value_text(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key, 65537U);
  EXPECT_EQ(read->version, 3U);
  EXPECT_EQ(read->load_id, 12U);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(read_value_text(changed)) << i;
    EXPECT_FALSE(read_value_text(text.substr(0, i))) << i;
  }
  const std::string other = value_text({.key = 65537, .version = 4, .load_id = 13});
  EXPECT_FALSE(read_value_text(text.substr(0, text.size() / 2) + other.substr(other.size() / 2)));
  EXPECT_FALSE(read_value_text(text + "x"));
  EXPECT_FALSE(read_value_text("absent"));
}

/// A round that met everything.
round_result rich_round() {
  round_result round;
  round.processes_at_end = 8;
  round.found.figures.gets = 100'000;
  round.found.figures.gets_by_outcome.fill(10'000);
  round.found.figures.gets_over_invalidations = 1000;
  round.found.figures.loads_over_invalidations = 1000;
  round.found.figures.gets_over_faults = 10'000;
  round.found.figures.loads_under_lease = 1000;
  round.found.figures.settled_gets = 1000;
  round.found.figures.settled_processes = 8;
  round.events.fill(100);
  round.found.figures.faults_by_kind.assign(rules_of_faults().size(), 3);
  round.found.figures.gets_by_fault.assign(rules_of_faults().size(), 300);
  return round;
}

TEST(campaign_report, CallsARunWithTooFewOverlapsNoEvidence) {
  campaign_report good;
  good.add(rich_round(), 1, 30);
  EXPECT_EQ(good.missing_evidence(), std::vector<std::string>{});
  EXPECT_EQ(good.exit_status(), 0);

  campaign_report empty;
  empty.add(
      [] {
        round_result round;
        round.found.figures.faults_by_kind.assign(rules_of_faults().size(), 0);
        round.found.figures.gets_by_fault.assign(rules_of_faults().size(), 0);
        return round;
      }(),
      1, 1);
  EXPECT_EQ(empty.missing_evidence().size(), 9U + 18U);
  EXPECT_EQ(empty.exit_status(), exit_no_evidence);

  round_result unflushed = rich_round();
  unflushed.found.figures.gets_by_fault[number_of(fault::flush)] = 0;
  campaign_report partial;
  partial.add(unflushed, 1, 30);
  EXPECT_EQ(partial.missing_evidence().size(), 1U);

  round_result lonely = rich_round();
  lonely.found.figures.settled_processes = 7;
  campaign_report silent;
  silent.add(lonely, 1, 30);
  EXPECT_EQ(silent.missing_evidence().size(), 1U);
}

TEST(campaign_report, ContinuesWhereAnEarlierRunEnded) {
  const std::string path = testing::TempDir() + "drover-campaign-report.json";
  campaign_report first;
  first.seed = 7;
  first.processes = 8;
  first.add(rich_round(), 7, 30);
  first.write(path);
  campaign_report second = campaign_report::read(path);
  std::remove(path.c_str());
  EXPECT_EQ(second.text(), first.text());
  round_result wrong = rich_round();
  history::record get;
  wrong.found.violations.push_back({property::fresh, get, get, "old"});
  wrong.found.violations_by_property[static_cast<std::size_t>(property::fresh)] = 1;
  second.add(wrong, 8, 30);
  EXPECT_EQ(second.rounds, 2U);
  EXPECT_EQ(second.figures.at("gets"), 200'000U);
  EXPECT_EQ(second.violation_count(), 1U);
  EXPECT_EQ(second.exit_status(), exit_violation);
  EXPECT_EQ(second.violations, std::vector<std::string>{"seed 8: old"});
}

}  // namespace
}  // namespace drover::campaign
