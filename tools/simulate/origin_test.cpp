// SPDX-License-Identifier: MIT
// The database and the board it logs on. That hundreds of queries run at once is what the demo
// rests on.
#include "simulate/origin.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "simulate/board.hpp"
#include "simulate/measurement.hpp"
#include "simulate/scratch_folder.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

struct database {
  explicit database(unsigned callers) : log{1, callers} { create_origin(file, keys); }

  scratch_folder folder;
  std::filesystem::path file = folder.path() / "origin.sqlite";
  std::vector<std::string> keys{"a", "b"};
  board log;
};

TEST(origin, AnswersTheRowAndTheDatabaseCounts) {
  database of{1};
  origin asked{of.file, of.log, 1ms, 1};
  EXPECT_EQ(of.log.count().queries_begun, 0U);
  EXPECT_EQ(asked.ask("a"), row_for("a"));
  EXPECT_EQ(asked.ask("b"), row_for("b"));
  EXPECT_NE(row_for("a"), row_for("b"));
  EXPECT_EQ(of.log.count().queries_begun, 2U);
  EXPECT_EQ(of.log.count().queries_ended, 2U);
  EXPECT_EQ(of.log.count().asked, 2U);
}

TEST(origin, TakesAsLongAsItIsTold) {
  database of{1};
  origin asked{of.file, of.log, 30ms, 1};
  static_cast<void>(asked.ask("a"));
  const query_record& query = of.log.queries().front();
  EXPECT_GE(query.ended - query.begun, std::chrono::nanoseconds{30ms}.count());
}

TEST(origin, SaysWhatIsMissing) {
  database of{1};
  origin asked{of.file, of.log, 1ms, 0};
  EXPECT_THROW(static_cast<void>(asked.ask("c")), std::runtime_error);
  EXPECT_EQ(of.log.count().queries_ended, 1U);
  EXPECT_THROW((origin{of.folder.path() / "elsewhere", of.log, 1ms, 1}), std::runtime_error);
}

TEST(threads_origin, RunsQueriesOfManyThreadsAtOnce) {
  constexpr unsigned callers = 50;
  database of{callers};
  origin asked{of.file, of.log, 300ms, callers / 2};
  std::latch start{callers};
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < callers; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        EXPECT_EQ(asked.ask("a"), row_for("a"));
      });
    }
  }
  EXPECT_EQ(of.log.count().queries_begun, callers);
  // Had they waited for each other, the first would have ended before the last began.
  board_time last_begun = 0;
  board_time first_ended = board_now();
  for (const query_record& each : of.log.queries()) {
    last_begun = std::max(last_begun, each.begun.load());
    first_ended = std::min(first_ended, each.ended.load());
  }
  EXPECT_LT(last_begun - first_ended, std::chrono::nanoseconds{callers * 300ms / 2}.count());
}

TEST(threads_board, LetsAllGoAtTheRelease) {
  board shared{1, 8};
  std::atomic<int> gone{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        shared.count().ready.fetch_add(1);
        shared.await(stage::released);
        EXPECT_EQ(shared.release_at(), 42);
        gone.fetch_add(1);
      });
    }
    while (shared.count().ready != 8) std::this_thread::yield();
    shared.enter(stage::filling);
    EXPECT_EQ(gone.load(), 0);
    shared.release(42);
  }
  EXPECT_EQ(gone.load(), 8);
}

TEST(board, CountsBeyondItsLog) {
  board shared{1, 1};
  const std::size_t asked = 10'000;
  for (std::size_t i = 0; i < asked; ++i) shared.end_query(shared.begin_query());
  EXPECT_EQ(shared.count().queries_begun, asked);
  EXPECT_EQ(shared.count().queries_ended, asked);
  EXPECT_LT(shared.queries().size(), asked);
  EXPECT_GT(shared.queries().size(), 1U);
}

TEST(board, KeepsTheFirstErrorAndShortensIt) {
  board shared{1, 1};
  EXPECT_EQ(shared.error(), "");
  shared.note_error(std::string(10'000, 'x'));
  shared.note_error("second");
  EXPECT_EQ(shared.error().front(), 'x');
  EXPECT_LT(shared.error().size(), 1000U);
}

TEST(scratch_folder, GoesAwayWithAllThatIsInIt) {
  std::filesystem::path path;
  {
    const scratch_folder folder;
    path = folder.path();
    create_origin(path / "file", {});
    EXPECT_TRUE(std::filesystem::exists(path / "file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace drover::simulate
