// SPDX-License-Identifier: MIT
// Tests of SQLite as the origin. The simulation relies on three facts: hundreds of queries run at
// once, changes do not wait for them, and a query returns the row as it was when the query began.
#include "simulate/origins/sqlite_origin.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "process/scratch_folder.hpp"
#include "simulate/origins/query_journal_for_test.hpp"
#include "simulate/origins/row.hpp"

namespace drover::simulate::sqlite_origin_test {
namespace {

using namespace std::chrono_literals;

struct database {
  explicit database(const std::vector<std::string>& keys) { owner.add_rows(keys); }

  [[nodiscard]] std::filesystem::path file() const { return folder.path() / "origin.sqlite"; }
  [[nodiscard]] std::unique_ptr<sqlite_origin> open(unsigned connections = 1) {
    return std::make_unique<sqlite_origin>(file(), journal, connections);
  }

  process::scratch_folder folder;
  sqlite_owner owner{folder.path()};
  query_journal journal;
};

std::int64_t now() {
  return std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count();
}

/// The version that a query returns, or 0 without a row. The test fails if the value is not a value
/// of `key`.
std::uint64_t version_of(sqlite_origin& opened, const std::string& key,
                         std::chrono::microseconds takes = 0us) {
  const auto value = opened.ask({.key = key, .takes = takes});
  if (!value) return 0;
  const auto read = read_value(key, *value);
  EXPECT_TRUE(read) << *value;
  return read ? read->version : 0;
}

/// Whether a thread of this process is in a sleep system call.
bool is_asleep(pid_t thread) {
  std::ifstream stream{"/proc/self/task/" + std::to_string(thread) + "/syscall"};
  long number = -1;
  stream >> number;
  return number == SYS_clock_nanosleep || number == SYS_nanosleep;
}

TEST(sqlite_origin, AnswersTheRowAndTheDatabaseReportsIt) {
  database db{{"a", "b"}};
  const auto opened = db.open();
  EXPECT_EQ(db.journal.begun(), 0U);
  const std::int64_t before = now();
  const auto value = opened->ask({.key = "a"});
  ASSERT_TRUE(value);
  const auto read = read_value("a", *value);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, 1U);
  EXPECT_GE(read->read_at, before);
  EXPECT_LE(read->read_at, now());
  EXPECT_EQ(version_of(*opened, "b"), 1U);
  EXPECT_EQ(db.journal.keys(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(db.journal.ended(), 2U);
  EXPECT_FALSE(db.owner.counted());
}

TEST(sqlite_origin, TakesItsTimeWhetherThereIsARowOrNot) {
  database db{{"a"}};
  const auto opened = db.open();
  for (const char* const key : {"a", "nobody"}) {
    const std::int64_t before = now();
    EXPECT_EQ(opened->ask({.key = key, .takes = 20'500us}).has_value(), key == std::string{"a"});
    EXPECT_GE(std::chrono::nanoseconds{now() - before}, 20'500us);
  }
  EXPECT_EQ(db.journal.keys(), (std::vector<std::string>{"a", "nobody"}));
  EXPECT_EQ(db.journal.ended(), 2U);
}

TEST(sqlite_origin, FailsWhenItIsToldToAfterTheSameTime) {
  database db{{"a"}};
  const auto opened = db.open();
  for (const char* const key : {"a", "nobody"}) {
    const std::int64_t before = now();
    try {
      static_cast<void>(opened->ask({.key = key, .takes = 20ms, .fails = true}));
      FAIL() << "it answered";
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string{error.what()}.find("failed as requested"), std::string::npos);
    }
    EXPECT_GE(std::chrono::nanoseconds{now() - before}, 20ms);
  }
  EXPECT_EQ(db.journal.begun(), 2U);
  EXPECT_EQ(db.journal.ended(), 2U);
  EXPECT_EQ(version_of(*opened, "a"), 1U);
}

TEST(sqlite_origin, TellsWhatWasThereWhenTheQueryBegan) {
  database db{{"a"}};
  const auto opened = db.open(2);
  std::atomic<pid_t> thread{0};
  std::atomic<std::uint64_t> version_answered{99};
  {
    const std::jthread slow{[&] {
      thread = ::gettid();
      version_answered = version_of(*opened, "a", 1s);
    }};
    db.journal.await_begun(1);
    while (!is_asleep(thread)) std::this_thread::yield();  // until it is inside the statement
    EXPECT_EQ(opened->change("a"), 2U);
    EXPECT_EQ(version_of(*opened, "a"), 2U);
  }
  EXPECT_EQ(version_answered, 1U);
  EXPECT_EQ(version_of(*opened, "a"), 2U);
}

TEST(sqlite_origin, ChangesRowsWithoutAnEntryInTheLog) {
  database db{{"a", "b"}};
  const auto opened = db.open();
  EXPECT_EQ(opened->change("a"), 2U);
  EXPECT_EQ(opened->change("a"), 3U);
  EXPECT_THROW(static_cast<void>(opened->change("nobody")), std::runtime_error);
  EXPECT_EQ(opened->change("b"), 2U);
  EXPECT_EQ(db.journal.begun(), 0U);
  EXPECT_EQ(version_of(*opened, "a"), 3U);
  EXPECT_EQ(version_of(*opened, "b"), 2U);
}

TEST(sqlite_origin, TakesAnyKey) {
  using namespace std::string_literals;
  const std::vector<std::string> keys{"",   "a\0b"s, "a",        "'; DROP TABLE profile; --",
                                      "\n", "\"",    "\xff\xfe", std::string(5000, 'k')};
  database db{keys};
  const auto opened = db.open();
  for (const std::string& key : keys) {
    EXPECT_EQ(version_of(*opened, key), 1U) << key;
    EXPECT_EQ(opened->change(key), 2U) << key;
    EXPECT_EQ(version_of(*opened, key), 2U) << key;
  }
}

TEST(sqlite_origin, TakesMoreRowsAtAnyTimeButNoneTwice) {
  database db{{"a"}};
  const auto opened = db.open();
  EXPECT_EQ(version_of(*opened, "b"), 0U);
  db.owner.add_rows(std::vector<std::string>{"b"});
  EXPECT_EQ(version_of(*opened, "b"), 1U);
  EXPECT_THROW(db.owner.add_rows(std::vector<std::string>{"c", "a"}), std::runtime_error);
  EXPECT_EQ(version_of(*opened, "c"), 0U);
  db.owner.add_rows(std::vector<std::string>{"c"});
  EXPECT_EQ(version_of(*opened, "c"), 1U);
}

TEST(sqlite_origin, SaysWhichFileItCannotOpen) {
  query_journal journal;
  try {
    const sqlite_origin none{"/nowhere/origin.sqlite", journal, 1};
    FAIL() << "it was opened";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string{error.what()}.find("/nowhere/origin.sqlite"), std::string::npos);
  }
}

TEST(threads_sqlite_origin, RunsHundredsOfQueriesAtOnceWithMoreConnectionsThanWereReady) {
  constexpr unsigned callers = 200;
  database db{{"a"}};
  const auto opened = db.open(callers / 2);
  std::latch start{callers};
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < callers; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        EXPECT_EQ(version_of(*opened, "a", 500ms), 1U);
      });
    }
  }
  EXPECT_EQ(db.journal.begun(), callers);
  EXPECT_EQ(db.journal.ended(), callers);
  // Without concurrency, one query would run at a time.
  EXPECT_GT(db.journal.running_max(), callers / 10);
}

TEST(threads_sqlite_origin, ChangesWhileQueriesRunAndNobodySeesVersionsGoBack) {
  constexpr std::uint64_t changes = 100;
  constexpr unsigned writers = 2;
  database db{{"a"}};
  const auto opened = db.open(8);
  std::atomic<unsigned> writing{writers};
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < writers; ++i) {
      threads.emplace_back([&] {
        for (std::uint64_t change = 0; change < changes; ++change) opened->change("a");
        --writing;
      });
    }
    for (unsigned i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        for (std::uint64_t last = 1; writing > 0;) {
          const std::uint64_t version = version_of(*opened, "a", 300us);
          EXPECT_GE(version, last);
          last = version;
        }
      });
    }
  }
  EXPECT_EQ(version_of(*opened, "a"), 1 + writers * changes);
}

/// Runs in a child process, and returns its exit code. It changes the row, or queries it for a
/// minute to be killed meanwhile.
int play(const std::filesystem::path& file, bool is_killed) {
  while (!std::filesystem::exists(file.parent_path() / "ready")) std::this_thread::sleep_for(1ms);
  query_journal journal;
  sqlite_origin opened{file, journal, 1};
  if (is_killed) {
    std::ofstream{file.parent_path() / "asking"} << "now";
    static_cast<void>(opened.ask({.key = "a", .takes = 1min}));
  }
  for (int change = 0; change < 50; ++change) static_cast<void>(opened.change("a"));
  return version_of(opened, "a") > 50 ? 0 : 1;
}

TEST(sqlite_origin, IsSharedByProcessesOfWhichOneIsKilled) {
  const process::scratch_folder folder;
  const auto file = folder.path() / "origin.sqlite";
  // The processes are started first, because SQLite must not be open across a fork.
  std::vector<pid_t> children;
  const pid_t parent = ::getpid();
  for (int i = 0; i < 4; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(60);  // in case the test ends early
    ::_exit(::getppid() == parent ? play(file, i == 0) : 1);
  }
  sqlite_owner owner{folder.path()};
  owner.add_rows(std::vector<std::string>{"a", "b"});
  std::ofstream{folder.path() / "ready"} << "now";
  for (std::size_t i = 1; i < children.size(); ++i) {
    int status = 0;
    ASSERT_EQ(::waitpid(children[i], &status, 0), children[i]);
    EXPECT_EQ(status, 0);
  }
  while (!std::filesystem::exists(folder.path() / "asking")) std::this_thread::sleep_for(1ms);
  ::kill(children[0], SIGKILL);
  ::waitpid(children[0], nullptr, 0);
  query_journal journal;
  sqlite_origin opened{file, journal, 1};
  EXPECT_EQ(version_of(opened, "a"), 151U);
  EXPECT_EQ(opened.change("b"), 2U);
}

}  // namespace
}  // namespace drover::simulate::sqlite_origin_test
