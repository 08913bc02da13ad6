// SPDX-License-Identifier: MIT
// `drover simulate` on PostgreSQL: on a server that it starts, and on one that it does not own.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "integration/tool_run.hpp"
#include "process/private_postgresql.hpp"

namespace drover::test::simulate_postgresql_test {
namespace {

TEST(simulate_postgresql, CountsByTheLogOfAServerThatItStartsAndLeavesNothing) {
  tool_run run{{"--origin", "postgresql", "--load-ms", "50", "--processes", "2", "--callers", "20",
                "--format", "json", "--strategy", "cache-aside,drover-strict"}};
  const int status = run.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << run.err() << run.out();
  EXPECT_NE(run.out().find("\"origin\": \"PostgreSQL "), std::string::npos) << run.out();
  EXPECT_NE(run.out().find(", private\""), std::string::npos) << run.out();
  const std::vector<int> queries = numbers(run.out(), "queries_total");
  ASSERT_EQ(queries.size(), 2U) << run.out();
  EXPECT_GT(queries[0], 1);  // 40, unless some callers come late on a busy machine
  EXPECT_LE(queries[0], 40);
  EXPECT_EQ(queries[1], 1);
  EXPECT_EQ(queries, numbers(run.out(), "queries_asked"));
  EXPECT_EQ(numbers(run.out(), "errors"), (std::vector{0, 0}));
  EXPECT_EQ(numbers(run.out(), "wrong_values"), (std::vector{0, 0}));
  run.expect_nothing_left();
}

TEST(simulate_postgresql, CountsTheQueryOfAProcessThatWasKilled) {
  tool_run run{{"--origin", "postgresql", "--scenario", "holder-killed", "--load-ms", "600",
                "--processes", "2", "--callers", "4", "--strategy", "drover", "--format", "json"}};
  EXPECT_EQ(run.wait(), 0) << run.err();
  EXPECT_EQ(numbers(run.out(), "queries_total"), std::vector{2}) << run.out();
  run.expect_nothing_left();
}

TEST(simulate_postgresql, WorksInAnybodysDatabaseAndLeavesItAsItWas) {
  const process::signal_watch signals;
  const auto programs = process::find_postgresql_programs(std::nullopt);
  ASSERT_TRUE(programs) << "postgresql is not installed";
  const process::private_postgresql theirs{*programs, 100, signals};
  tool_run run{{"--origin", theirs.url(), "--scenario", "invalidation", "--load-ms", "60",
                "--processes", "2", "--callers", "4", "--strategy", "cache-aside,drover-strict",
                "--format", "json"}};
  EXPECT_EQ(run.wait(), 0) << run.err();
  const std::vector<int> queries = numbers(run.out(), "queries_total");
  ASSERT_EQ(queries.size(), 2U) << run.out();
  EXPECT_GT(queries[1], 1);
  EXPECT_EQ(queries, numbers(run.out(), "queries_asked"));
  run.expect_nothing_left();
  pqxx::connection see{theirs.url()};
  pqxx::nontransaction asks{see};
  EXPECT_TRUE(asks.exec("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'drover%'").empty());
}

TEST(simulate_postgresql, RefusesADatabaseWithTooFewConnectionsAndNamesTheNumberThatFits) {
  const process::signal_watch signals;
  const auto programs = process::find_postgresql_programs(std::nullopt);
  ASSERT_TRUE(programs) << "postgresql is not installed";
  const process::private_postgresql theirs{*programs, 80, signals};
  const auto run_with = [&theirs](const std::string& callers) {
    return std::vector<std::string>{"--origin",    theirs.url(), "--load-ms", "20",
                                    "--processes", "2",          "--callers", callers,
                                    "--strategy",  "drover",     "--format",  "json"};
  };
  tool_run refused{run_with("200")};
  EXPECT_EQ(WEXITSTATUS(refused.wait()), 2) << refused.out();
  const std::string text = refused.err();
  EXPECT_NE(text.find("the server has room for"), std::string::npos) << text;
  const std::string before = "at most --callers ";
  const std::size_t at = text.find(before);
  ASSERT_NE(at, std::string::npos) << text;
  refused.expect_nothing_left();

  const int fitting = std::stoi(text.substr(at + before.size()));
  tool_run accepted{run_with(std::to_string(fitting))};
  EXPECT_EQ(accepted.wait(), 0) << accepted.err();
  accepted.expect_nothing_left();
}

TEST(simulate_postgresql, IsTakenDownWhileItStarts) {
  tool_run run{{"--origin", "postgresql"}};
  const auto deadline = std::chrono::steady_clock::now() + tool_patience;
  // The programs of the server are recognised by their working directory.
  const auto is_starting = [&run] {
    for (const auto& entry : fs::recursive_directory_iterator{run.folder() / "tmp"}) {
      if (entry.path().filename() == "PG_VERSION") return true;
    }
    return false;
  };
  bool is_seen = false;
  while (!is_seen && std::chrono::steady_clock::now() < deadline) {
    try {
      is_seen = is_starting();
    } catch (const fs::filesystem_error&) {
      is_seen = false;  // the folder changed during the check
    }
  }
  ASSERT_TRUE(is_seen) << run.err();
  run.send(SIGINT);
  EXPECT_EQ(WEXITSTATUS(run.wait()), 128 + SIGINT) << run.err();
  run.expect_nothing_left();
}

TEST(simulate_postgresql, IsTakenDownInTheMiddle) {
  tool_run run{
      {"--origin", "postgresql", "--load-ms", "20000", "--processes", "2", "--callers", "5"}};
  ASSERT_TRUE(run.await_herd()) << run.err();
  run.send(SIGINT);
  EXPECT_EQ(WEXITSTATUS(run.wait()), 128 + SIGINT) << run.err();
  run.expect_nothing_left();
}

TEST(simulate_postgresql, IsRefusedBeforeAnythingIsStarted) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--origin", "postgresql", "--postgresql-bin", "/nowhere"}, "--postgresql-bin /nowhere"},
      {{"--origin", "postgresql", "--callers", "1000"}, "a process for each connection"}};
  for (const auto& [options, message] : cases) {
    tool_run run{options};
    EXPECT_EQ(WEXITSTATUS(run.wait()), 2) << message << run.err();
    EXPECT_NE(run.err().find(message), std::string::npos) << run.err();
    EXPECT_EQ(run.out(), "") << message;
    run.expect_nothing_left();
  }
}

}  // namespace
}  // namespace drover::test::simulate_postgresql_test
