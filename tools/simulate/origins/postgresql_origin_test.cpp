// SPDX-License-Identifier: MIT
// Tests of PostgreSQL as the origin, with real private servers: a query reads the row and then
// sleeps, the database's own count is right, and nothing is left behind.
#include "simulate/origins/postgresql.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <latch>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "process/private_postgresql.hpp"
#include "simulate/origins/query_journal_for_test.hpp"
#include "simulate/origins/row.hpp"

namespace drover::simulate::postgresql_origin_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr const char* schema = "drover_simulate_test";

const process::signal_watch& signals() {
  static const process::signal_watch watch;
  return watch;
}

origin_settings settings_for(unsigned connections) {
  return {.folder = {}, .name = schema, .connections = connections, .postgresql_bin = {}};
}

fs::path programs() {
  const auto folder = process::find_postgresql_programs(std::nullopt);
  if (!folder) throw std::runtime_error{"postgresql is not installed"};
  return *folder;
}

/// An owner and its origins, on a private server or in the database at `url`.
struct database {
  explicit database(unsigned connections = 10, const std::string& url = "")
      : owner{make_postgresql(
            url.empty() ? origin_choice{.which = origin_choice::kind::postgresql_private, .url = {}}
                        : origin_choice{.which = origin_choice::kind::postgresql, .url = url},
            settings_for(connections), signals())} {}

  [[nodiscard]] std::unique_ptr<origin> open(unsigned connections = 1) {
    return open_origin(owner->address(), journal, connections);
  }
  void add(const std::vector<std::string>& keys) { owner->add_rows(keys); }

  std::unique_ptr<origin_owner> owner;
  query_journal journal;
};

std::int64_t now() {
  return std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count();
}

/// The version that a query returns, or 0 without a row. The test fails if the value is not a value
/// of `key`.
std::uint64_t version_of(origin& opened, const std::string& key,
                         std::chrono::microseconds takes = 0us) {
  const auto value = opened.ask({.key = key, .takes = takes});
  if (!value) return 0;
  const auto read = read_value(key, *value);
  EXPECT_TRUE(read) << *value;
  return read ? read->version : 0;
}

std::string failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Runs queries of every kind and checks the answers, the log and the database's count.
void expect_answers_and_counts(database& db) {
  db.add({"a", "b"});
  EXPECT_EQ(db.owner->counted(), 0U);
  {
    const auto opened = db.open(2);
    const std::int64_t before = now();
    EXPECT_EQ(version_of(*opened, "a"), 1U);
    EXPECT_EQ(version_of(*opened, "nobody"), 0U);
    EXPECT_EQ(version_of(*opened, "b", 20'500us), 1U);
    EXPECT_EQ(version_of(*opened, "nobody", 20'500us), 0U);
    EXPECT_GE(std::chrono::nanoseconds{now() - before}, 41ms);

    const std::int64_t failure_begun = now();
    EXPECT_EQ(failure_of([&] {
                static_cast<void>(opened->ask({.key = "a", .takes = 20ms, .fails = true}));
              }),
              "PostgreSQL: the query failed as requested");
    EXPECT_GE(std::chrono::nanoseconds{now() - failure_begun}, 20ms);
    EXPECT_EQ(version_of(*opened, "a"), 1U);

    EXPECT_EQ(opened->change("a"), 2U);
    EXPECT_EQ(opened->change("a"), 3U);
    EXPECT_TRUE(
        contains(failure_of([&] { opened->change("nobody"); }), "no row to change for nobody"));
    EXPECT_EQ(opened->change("b"), 2U);
    EXPECT_EQ(version_of(*opened, "a"), 3U);
  }
  const std::vector<std::string> expected{"a", "nobody", "b", "nobody", "a", "a", "a"};
  EXPECT_EQ(db.journal.keys(), expected);
  EXPECT_EQ(db.journal.ended(), expected.size());
  EXPECT_EQ(db.owner->counted(), expected.size());
  EXPECT_FALSE(failure_of([&] { db.add({"c", "a"}); }).empty());
  EXPECT_EQ(version_of(*db.open(), "c"), 0U);
  EXPECT_EQ(db.owner->counted(), expected.size() + 1);
}

TEST(postgresql_origin, AnswersTakesItsTimeAndFailsAsToldWhichItsLogCounts) {
  database db;
  EXPECT_TRUE(contains(db.owner->about(), "PostgreSQL ")) << db.owner->about();
  EXPECT_TRUE(contains(db.owner->about(), ", private")) << db.owner->about();
  expect_answers_and_counts(db);
}

TEST(postgresql_origin, WorksInASchemaOfSomebodysDatabaseAndLeavesNothingThere) {
  const process::private_postgresql user_server{programs(), 30, signals()};
  pqxx::connection connection{user_server.url()};
  const auto schema_count = [&connection] {
    pqxx::nontransaction transaction{connection};
    return transaction
        .exec1("SELECT count(*) FROM pg_namespace WHERE nspname = '" + std::string{schema} + "'")[0]
        .as<int>();
  };
  {
    database db{10, user_server.url()};
    EXPECT_FALSE(contains(db.owner->about(), "private")) << db.owner->about();
    EXPECT_EQ(schema_count(), 1);
    expect_answers_and_counts(db);
    EXPECT_TRUE(contains(failure_of([&] { const database again{10, user_server.url()}; }), schema));
    EXPECT_EQ(schema_count(), 1) << "a failed setup must not remove the schema";
  }
  EXPECT_EQ(schema_count(), 0);

  const std::string crowded = failure_of([&] { const database many{1000, user_server.url()}; });
  EXPECT_TRUE(contains(crowded, "has room for ")) << crowded;
  EXPECT_TRUE(contains(crowded, "max_connections is 30")) << crowded;
  EXPECT_TRUE(contains(crowded, "superuser_reserved_connections is 3")) << crowded;
  EXPECT_TRUE(contains(crowded, "may need 1000")) << crowded;
  EXPECT_EQ(schema_count(), 0);
}

TEST(postgresql_origin, ReadsTheRowAsItWasWhenTheQueryBegan) {
  database db;
  db.add({"a"});
  const auto opened = db.open(2);
  std::atomic<std::uint64_t> version_answered{99};
  {
    const std::jthread slow{[&] { version_answered = version_of(*opened, "a", 1500ms); }};
    while (db.owner->counted() < 1U) std::this_thread::sleep_for(1ms);  // until the statement runs
    EXPECT_EQ(opened->change("a"), 2U);
    EXPECT_EQ(version_of(*opened, "a"), 2U);
  }
  EXPECT_EQ(version_answered, 1U);
}

TEST(postgresql_origin, TakesKeysThatLookLikeSomethingElse) {
  const std::vector<std::string> keys{"",      "a",  "'; DROP TABLE profile; --",
                                      "$1",    "\n", "\nLOG:  execute drover_query: ",
                                      "\\x00", "\"", "gr\xc3\xbc\xc3\x9f"};
  database db;
  db.add(keys);
  const auto opened = db.open();
  for (const std::string& key : keys) {
    EXPECT_EQ(version_of(*opened, key), 1U) << key;
    EXPECT_EQ(opened->change(key), 2U) << key;
    EXPECT_EQ(version_of(*opened, key), 2U) << key;
  }
  EXPECT_EQ(db.owner->counted(), 2 * keys.size());
}

TEST(threads_postgresql_origin, RunsHundredsOfQueriesAtOnceWithMoreConnectionsThanWereReady) {
  constexpr unsigned callers = 100;
  database db{callers + 10};
  db.add({"a"});
  {
    const auto opened = db.open(callers / 2);
    std::latch start{callers + 1};
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < callers; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        EXPECT_GE(version_of(*opened, "a", 500ms), 1U);
      });
    }
    start.arrive_and_wait();
    for (unsigned i = 0; i < 20; ++i) opened->change("a");
  }
  EXPECT_EQ(db.journal.ended(), callers);
  EXPECT_EQ(db.owner->counted(), callers);
  EXPECT_EQ(version_of(*db.open(), "a"), 21U);
  // Without concurrency, one query would run at a time.
  EXPECT_GT(db.journal.running_max(), callers / 10);
}

TEST(postgresql_origin, SaysWhoseServerItCannotReachAndNoPassword) {
  const std::string failure = failure_of([] {
    const database none{10, "postgresql://u:secret@/d?host=/nowhere&connect_timeout=2"};
  });
  EXPECT_TRUE(contains(failure, "--origin postgresql://u@/d?host=/nowhere")) << failure;
  EXPECT_FALSE(contains(failure, "secret")) << failure;
}

TEST(postgresql_origin, SaysWhatIsMissing) {
  const origin_choice own{.which = origin_choice::kind::postgresql_private, .url = {}};
  EXPECT_EQ(missing_requirement(own, settings_for(1)), "");
  origin_settings nowhere = settings_for(1);
  nowhere.postgresql_bin = "/nowhere";
  EXPECT_TRUE(contains(missing_requirement(own, nowhere), "--postgresql-bin /nowhere"));
  EXPECT_EQ(missing_requirement({.which = origin_choice::kind::postgresql, .url = "postgresql://h"},
                                nowhere),
            "");
}

// --- nothing is left

std::string content(const fs::path& file) {
  std::ifstream from{file};
  return {std::istreambuf_iterator<char>{from}, {}};
}

/// Returns false for a process that does not exist or is a zombie.
bool is_alive(pid_t process) {
  const std::string text = content("/proc/" + std::to_string(process) + "/stat");
  const std::size_t behind_name = text.rfind(") ");
  return behind_name != std::string::npos && text[behind_name + 2] != 'Z';
}

/// The folder in a server's URL: the text after the last '='.
fs::path folder_in(const std::string& url) { return url.substr(url.rfind('=') + 1); }

TEST(private_postgresql, IsGoneWithItsOwnerAndSoIsItsFolder) {
  pid_t server = 0;
  fs::path folder;
  {
    const process::private_postgresql own{programs(), 10, signals()};
    server = own.pid();
    folder = folder_in(own.url());
    EXPECT_TRUE(is_alive(server));
    EXPECT_TRUE(fs::exists(folder / "data"));
  }
  EXPECT_FALSE(is_alive(server));
  EXPECT_FALSE(fs::exists(folder)) << folder;
}

TEST(private_postgresql, EndsWithAProcessThatIsKilled) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t between = ::fork();
  if (between == 0) {
    const process::private_postgresql own{programs(), 10, signals()};
    const std::string report = std::to_string(own.pid()) + ' ' + folder_in(own.url()).string();
    static_cast<void>(::write(ends[1], report.data(), report.size()));
    for (;;) ::pause();
  }
  ::close(ends[1]);
  std::string report(1000, '\0');
  report.resize(
      static_cast<std::size_t>(std::max<ssize_t>(::read(ends[0], report.data(), 1000), 0)));
  ::close(ends[0]);
  ::kill(between, SIGKILL);
  ::waitpid(between, nullptr, 0);
  ASSERT_TRUE(contains(report, " /")) << "no server was started";
  const pid_t server = std::stoi(report);
  while (is_alive(server)) std::this_thread::sleep_for(5ms);
  fs::remove_all(report.substr(report.find('/')));
}

TEST(private_postgresql, SaysWhyItDoesNotStart) {
  const std::string failure = failure_of([] {
    const process::private_postgresql none{"/nowhere", 10, signals()};
  });
  EXPECT_TRUE(contains(failure, "initdb (/nowhere) ended with exit code 127")) << failure;
  const std::string greedy = failure_of([] {
    const process::private_postgresql none{programs(), 100'000'000, signals()};
  });
  EXPECT_TRUE(contains(greedy, "max_connections")) << greedy;
}

}  // namespace
}  // namespace drover::simulate::postgresql_origin_test
