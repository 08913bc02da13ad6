// SPDX-License-Identifier: MIT
// `drover simulate` as a person runs it: its output, and that it leaves nothing behind, however it
// ends.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ostream>
#include <regex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "integration/tool_run.hpp"
#include "simulate/herd/draws.hpp"
#include "simulate/origins/load_time.hpp"
#include "support/redis_server.hpp"

namespace drover::test::simulate_test {
namespace {

TEST(simulate, ShowsOneQueryForDroverAndOneEachForCacheAsideAndLeavesNothing) {
  tool_run run{{"--load-ms", "50", "--processes", "2", "--callers", "20", "--format", "json",
                "--strategy", "cache-aside,retry-lock,drover-strict"}};
  const int status = run.wait();
  const std::string json = run.out();
  EXPECT_TRUE(WIFEXITED(status)) << run.err();
  EXPECT_EQ(WEXITSTATUS(status), 0) << run.err() << json;
  const std::vector<int> queries = numbers(json, "queries_total");
  ASSERT_EQ(queries.size(), 3U) << json;
  EXPECT_GT(queries[0], 1);  // 40, unless some callers come late on a busy machine
  EXPECT_LE(queries[0], 40);
  EXPECT_GE(queries[1], 1);
  EXPECT_EQ(queries[2], 1);
  EXPECT_EQ(queries, numbers(json, "queries_asked"));
  EXPECT_EQ(numbers(json, "fill_queries"), (std::vector{1, 1, 1}));
  EXPECT_EQ(numbers(json, "errors"), (std::vector{0, 0, 0}));
  EXPECT_EQ(numbers(json, "wrong_values"), (std::vector{0, 0, 0}));
  EXPECT_EQ(numbers(json, "stale_reads"), (std::vector{0, 0, 0}));
  run.expect_nothing_left();
}

TEST(simulate, WritesATableWithoutEscapeCodesIntoAFile) {
  tool_run run{{"--load-ms", "20", "--processes", "1", "--callers", "3"}};
  EXPECT_EQ(run.wait(), 0) << run.err();
  EXPECT_EQ((run.out() + run.err()).find('\x1b'), std::string::npos);
  EXPECT_EQ(run.err().find('\r'), std::string::npos);
  EXPECT_NE(run.err().find("[4/4]"), std::string::npos) << run.err();
}

struct scenario_case {
  const char* name;
  std::vector<std::string> options;
  std::vector<std::string> expected;  ///< facts of the JSON, as regular expressions
};
std::ostream& operator<<(std::ostream& to, const scenario_case& scenario) {
  return to << scenario.name;
}

class simulate_scenario : public testing::TestWithParam<scenario_case> {};

TEST_P(simulate_scenario, HoldsDroverToItsPromiseAndLeavesNothing) {
  std::vector<std::string> options{"--scenario", GetParam().name, "--format", "json"};
  options.insert(options.end(), GetParam().options.begin(), GetParam().options.end());
  tool_run run{options};
  const int status = run.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << run.err() << run.out();
  for (const std::string& fact : GetParam().expected) {
    EXPECT_TRUE(std::regex_search(run.out(), std::regex{fact})) << fact << run.out();
  }
  run.expect_nothing_left();
}

const std::string one_query = "\"queries_per_event\": \\[\\s*1\\s*\\]";
const std::vector<std::string> small{"--processes", "2",          "--callers",
                                     "4",           "--strategy", "drover-strict,drover"};
const std::vector<std::string> strict{"--processes", "2",          "--callers",
                                      "4",           "--strategy", "drover-strict"};
std::vector<std::string> small_with(const std::string& option, const std::string& value) {
  std::vector<std::string> options = small;
  options.insert(options.end(), {option, value});
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    all, simulate_scenario,
    testing::Values(
        scenario_case{"expiry", small_with("--load-ms", "uniform:20-80"), {one_query}},
        scenario_case{"cold-start", small, {one_query, "never loaded"}},
        scenario_case{"slow-load", small_with("--load-ms", "700"), {one_query}},
        scenario_case{"traffic", small_with("--events", "2"), {"\"cold_events\": [1-9]"}},
        scenario_case{"absent-row", small, {"\"queries_total\": [123]\\b"}},
        scenario_case{"failing-origin", strict, {"queries fail", "queries work again"}},
        scenario_case{"holder-killed",
                      small_with("--load-ms", "600"),
                      {"is killed", "\"queries_total\": 2\\b"}},
        scenario_case{"holder-frozen",
                      small_with("--load-ms", "600"),
                      {"freezes", "runs again", "\"queries_total\": 2\\b", "\"lost\": 0\\b"}},
        scenario_case{"redis-killed", strict, {"Redis is killed", "Redis is back"}},
        scenario_case{"flushall", small, {"FLUSHALL", one_query}},
        scenario_case{"same-expiry", small_with("--events", "1"), {"\"keys\": 1000"}},
        scenario_case{"invalidation", strict, {"\"stale_reads\": 0", "\"kind\": \"change\""}}),
    [](const auto& parameter) {
      std::string name = parameter.param.name;
      std::ranges::replace(name, '-', '_');
      return name;
    });

TEST(simulate, ShowsThatADatabaseWithLittleCapacityIsSparedWhatItCannotDo) {
  tool_run run{{"--scenario", "overload", "--strategy", "drover-strict", "--load-ms", "450",
                "--callers", "200", "--format", "json"}};
  const int status = run.wait();
  EXPECT_TRUE(WIFEXITED(status)) << run.err();
  const std::vector<int> running = numbers(run.out(), "queries_running_max");
  ASSERT_EQ(running.size(), 1U) << run.out();
  EXPECT_GE(running[0], 1);
  EXPECT_LE(running[0], 20) << "there is no place for more";
  EXPECT_NE(run.out().find("\"requests_per_second\": 1000"), std::string::npos) << run.out();
  run.expect_nothing_left();
}

TEST(simulate, CountsStaleReadsOfWhoeverLetsThemHappen) {
  // The strategy stores after the change the value that it read before the change.
  tool_run run{{"--scenario", "invalidation", "--strategy", "cache-aside", "--load-ms", "60",
                "--processes", "2", "--callers", "6", "--format", "json"}};
  EXPECT_EQ(run.wait(), 0) << run.err();
  const std::vector<int> stale = numbers(run.out(), "stale_reads");
  ASSERT_EQ(stale.size(), 1U) << run.out();
  EXPECT_GT(stale[0], 0) << run.out();
}

TEST(simulate, MarksTheEndOfAValueOfWhoeverLetsItEnd) {
  tool_run run{{"--scenario", "traffic", "--events", "2", "--load-ms", "500", "--processes", "1",
                "--callers", "6", "--strategy", "cache-aside", "--format", "json"}};
  EXPECT_EQ(run.wait(), 0) << run.err();
  EXPECT_NE(run.out().find("\"text\": \"no fresh value\""), std::string::npos) << run.out();
}

TEST(simulate, DrawsTheSameLoadTimesForEveryStrategy) {
  // With this seed the first query takes long; with the next seed it would not.
  constexpr std::uint64_t seed = 53;
  const auto draw_of = [](std::uint64_t query) {
    constexpr std::uint64_t first = 1;  // the query that filled the cache was number 0
    const auto load = simulate::load_time::parse("uniform:10-800").value();
    return load.draw(simulate::draws{query, first}.uniform()) / 1ms;
  };
  ASSERT_GT(draw_of(seed), 2 * draw_of(seed + 1));
  tool_run run{{"--load-ms", "uniform:10-800", "--seed", std::to_string(seed), "--processes", "1",
                "--callers", "1", "--strategy", "cache-aside,retry-lock,drover-strict", "--format",
                "json"}};
  EXPECT_EQ(run.wait(), 0) << run.err();
  const std::vector<int> times = numbers(run.out(), "p50");  // of waits, and of delays behind loads
  ASSERT_EQ(times.size(), 6U) << run.out();
  for (const std::size_t wait : {0U, 2U, 4U}) EXPECT_GE(times[wait], draw_of(seed)) << run.out();
}

TEST(simulate, FailsWhenAnExpectationIsNotMet) {
  tool_run run{{"--strategy", "cache-aside", "--processes", "2", "--callers", "10", "--load-ms",
                "100", "--expect", "queries-per-event=1"}};
  EXPECT_EQ(WEXITSTATUS(run.wait()), 1) << run.err();
  EXPECT_NE(run.out().find("queries-per-event=1"), std::string::npos) << run.out();
}

TEST(simulate, WritesEveryFormatToAFileAndTheTableToTheTerminal) {
  tool_run folder{{"--list"}};
  EXPECT_EQ(folder.wait(), 0);
  for (const char* const format : {"json", "csv", "html", "svg", "text"}) {
    const std::string file = (folder.folder() / "report").string() + "." + format;
    tool_run run{{"--processes", "1", "--callers", "2", "--load-ms", "20", "--strategy",
                  "drover-strict", "--format", format, "--out", file}};
    EXPECT_EQ(run.wait(), 0) << run.err();
    EXPECT_NE(run.out().find("rover"), std::string::npos);
    EXPECT_FALSE(contents(file).empty()) << format;
    EXPECT_EQ(contents(file).find('\x1b'), std::string::npos) << format;
  }
}

TEST(simulate, ListsWhatThereIs) {
  tool_run run{{"--list"}};
  EXPECT_EQ(run.wait(), 0);
  for (const char* const name : {"expiry", "overload", "xfetch-by-age", "sqlite"}) {
    EXPECT_NE(run.out().find(name), std::string::npos) << name << run.out();
  }
}

class simulate_stopped : public testing::TestWithParam<int> {};

TEST_P(simulate_stopped, TakesEverythingDownAndSaysSoByItsExitCode) {
  tool_run run{{"--load-ms", "20000", "--processes", "2", "--callers", "5"}};
  ASSERT_TRUE(run.await_herd()) << run.err();
  EXPECT_FALSE(run.processes("redis-server").empty());
  run.send(GetParam());
  const int status = run.wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + GetParam()) << run.err();
  EXPECT_NE(run.err().find("interrupted"), std::string::npos);
  run.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(signals, simulate_stopped, testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST(simulate, SaysWhichProcessDiedAndTakesTheOthersDown) {
  tool_run run{{"--load-ms", "20000", "--processes", "3", "--callers", "2"}};
  const auto victim = run.await_herd();
  ASSERT_TRUE(victim) << run.err();
  ::kill(*victim, SIGKILL);
  EXPECT_EQ(WEXITSTATUS(run.wait()), 1) << run.err();
  EXPECT_NE(run.err().find("of the herd ended by signal 9"), std::string::npos) << run.err();
  run.expect_nothing_left();
}

TEST(simulate, ItsProcessesEndEvenWhenItIsKilled) {
  tool_run run{{"--load-ms", "20000", "--processes", "2", "--callers", "2"}};
  ASSERT_TRUE(run.await_herd()) << run.err();
  run.send(SIGKILL);
  run.wait();
  const auto deadline = std::chrono::steady_clock::now() + tool_patience;
  while (!run.processes().empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_TRUE(run.processes().empty());
}

TEST(simulate, RefusesNonsenseBeforeAnythingIsStarted) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--callers", "0"}, "--callers '0'"},
      {{"--scenario", "overload", "--events", "3"}, "--events: this scenario"},
      {{"--redis-server", "/nowhere/redis-server"}, "--redis-server /nowhere/redis-server"},
      {{"--redis", "redis://localhost"}, "--redis-is-mine"},
      {{"--redis", "http://localhost", "--redis-is-mine"}, "redis://"},
      {{"--out", "/nowhere/report"}, "cannot create /nowhere/report"}};
  for (const auto& [options, message] : cases) {
    tool_run run{options};
    EXPECT_EQ(WEXITSTATUS(run.wait()), 2) << message << run.err();
    EXPECT_NE(run.err().find(message), std::string::npos) << run.err();
    EXPECT_EQ(run.out(), "") << message;
    run.expect_nothing_left();
  }
}

TEST(simulate, LeavesAServerThatItDidNotStartAsItWas) {
  redis_server theirs;
  theirs.command({"SET", "drover-simulate:not-yours", "1"});
  tool_run run{{"--redis", theirs.url(), "--redis-is-mine", "--processes", "2", "--callers", "3",
                "--load-ms", "20", "--strategy", "all"}};
  EXPECT_EQ(run.wait(), 0) << run.err();
  // The names of a run's keys contain twelve digits that are unique to the run.
  EXPECT_EQ(theirs.command({"KEYS", "*drover-simulate:????????????:*"}).root().size(), 0U);
  EXPECT_EQ(theirs.command({"GET", "drover-simulate:not-yours"}).root().text(), "1");
  run.expect_nothing_left();
}

}  // namespace
}  // namespace drover::test::simulate_test
