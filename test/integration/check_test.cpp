// SPDX-License-Identifier: MIT
// client::check on real servers: what it reports for each right, limit and state of a server, and
// that it leaves nothing behind.
#include <drover/client.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "integration/gated_loads.hpp"
#include "lease/rights.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test::check_test {
namespace {

/// Long enough for a busy machine. No test waits for its end.
constexpr duration patient{30'000};

class client_check : public fleet {
 protected:
  /// The options of a user with these rules.
  client_options user_with(const std::vector<std::string>& granted) const {
    std::vector<std::string_view> command{"ACL", "SETUSER", "app", "reset", "on", ">c4nary-own"};
    command.insert(command.end(), granted.begin(), granted.end());
    raw_client admin = server.connect();
    EXPECT_EQ(admin.command(command).text, "OK");
    EXPECT_EQ(admin.command({"ACL", "LOG", "RESET"}).text, "OK");
    client_options options = setup.client();
    options.user = "app";
    options.password = "c4nary-own";
    return options;
  }

  static const check_problem* problem_of(const check_report& report, std::string_view request) {
    const auto found =
        std::find_if(report.problems.begin(), report.problems.end(),
                     [&](const check_problem& known) { return known.request == request; });
    return found == report.problems.end() ? nullptr : &*found;
  }

  static std::string text_of(const check_report& report) {
    std::string text{to_string(report.state)};
    for (const check_problem& known : report.problems) {
      text += "\n" + known.request + ": " + known.reason + "; " + known.effect + " " + known.remedy;
    }
    return text;
  }

  const std::vector<std::string> names{"t"};
  const std::vector<std::string> rules = lease::acl_rules(names, false);
};

TEST_F(client_check, IsReadyWithThePrintedRulesAndLeavesNothingBehind) {
  const client redis{user_with(rules)};
  const check_report report = redis.check(patient, names);
  EXPECT_EQ(report.state, readiness::ready) << text_of(report);
  EXPECT_TRUE(report.problems.empty()) << text_of(report);
  const resp::message hello = server.command({"HELLO"});  // a list of names and values
  EXPECT_EQ(report.server, hello.root()[1].text());
  EXPECT_EQ(report.version, hello.root()[3].text());
  EXPECT_EQ(report.role, "primary");
  ASSERT_TRUE(report.round_trip);
  EXPECT_GT(report.round_trip->count(), 0);
  EXPECT_EQ(server.command({"ACL", "LOG"}).root().size(), 0U) << "nothing was refused";
  // The key of the wake-up test ends by itself, after a second.
  EXPECT_TRUE(eventually([&] { return server.command({"DBSIZE"}).root().integer() == 0; }));
}

TEST_F(client_check, NamesEachMissingRightWithItsCostAndRemedy) {
  for (const lease::right& missing : lease::rights()) {
    if (missing.id == lease::right_id::select) continue;
    SCOPED_TRACE(missing.rule);
    std::vector<std::string> fewer = rules;
    std::erase(fewer, missing.rule);
    const client redis{user_with(fewer)};
    const check_report report = redis.check(patient, names);
    const check_problem* const problem = problem_of(report, missing.command);
    ASSERT_NE(problem, nullptr) << text_of(report);
    EXPECT_NE(problem->reason, "");
    const bool is_replaced =
        knows_comparisons(server) &&
        (missing.id == lease::right_id::evalsha || missing.id == lease::right_id::script_load);
    if (is_replaced) {
      EXPECT_EQ(problem->effect, "Leases use SET IFEQ instead.");
      EXPECT_EQ(report.state, readiness::degraded) << text_of(report);
      continue;
    }
    EXPECT_EQ(problem->effect, missing.cost);
    EXPECT_EQ(problem->remedy, "grant " + std::string{missing.rule}) << problem->reason;
    EXPECT_EQ(report.state, missing.is_essential ? readiness::unusable : readiness::degraded)
        << text_of(report);
    EXPECT_EQ(text_of(report).find("c4nary-own"), std::string::npos);
  }
}

TEST_F(client_check, SaysWhatReplacesScripts) {
  const client redis{user_with(lease::acl_rules_without_scripts(names, false))};
  const check_report report = redis.check(patient, names);
  EXPECT_EQ(report.state, readiness::degraded) << text_of(report);
  const check_problem* const problem = problem_of(report, "EVALSHA");
  ASSERT_NE(problem, nullptr) << text_of(report);
  EXPECT_EQ(problem->effect, knows_comparisons(server)
                                 ? "Leases use SET IFEQ instead."
                                 : "Leases use transactions on a second connection instead.");
  for (const char* const unused : {"SETRANGE", "EXISTS", "PEXPIRE"}) {
    EXPECT_EQ(problem_of(report, unused), nullptr) << text_of(report);
  }
}

TEST_F(client_check, NamesTheMissingKeysAndChannels) {
  std::vector<std::string> fewer = rules;
  std::erase(fewer, "~t:*");
  const check_report no_keys = client{user_with(fewer)}.check(patient, names);
  EXPECT_EQ(no_keys.state, readiness::unusable);
  ASSERT_NE(problem_of(no_keys, "GET"), nullptr) << text_of(no_keys);
  EXPECT_EQ(problem_of(no_keys, "GET")->remedy, "grant the keys ~t:*");

  fewer = rules;
  std::erase(fewer, "&t:*");
  const check_report no_channels = client{user_with(fewer)}.check(patient, names);
  EXPECT_EQ(no_channels.state, readiness::degraded) << text_of(no_channels);
  ASSERT_NE(problem_of(no_channels, "PUBLISH"), nullptr) << text_of(no_channels);
  EXPECT_EQ(problem_of(no_channels, "PUBLISH")->remedy, "grant the channels &t:*");
}

// The server's text is the same for both caches.
TEST_F(client_check, NamesTheMissingKeysOfEachCache) {
  const check_report report = client{user_with(rules)}.check(patient, {"t", "user", "order"});
  const std::string text = text_of(report);
  EXPECT_NE(text.find("grant the keys ~user:*"), std::string::npos) << text;
  EXPECT_NE(text.find("grant the keys ~order:*"), std::string::npos) << text;
  EXPECT_NE(text.find("grant the channels &order:*"), std::string::npos) << text;
  EXPECT_EQ(text.find("~t:*"), std::string::npos) << text;
}

TEST_F(client_check, UsesTheNamesOfTheClientsCaches) {
  const client_options options = user_with(rules);
  const client without_caches{options};
  const check_report denied = without_caches.check(patient);
  EXPECT_EQ(denied.state, readiness::unusable);
  ASSERT_NE(problem_of(denied, "GET"), nullptr) << text_of(denied);
  EXPECT_EQ(problem_of(denied, "GET")->remedy, "grant the keys ~drover-check:*");

  client with_cache{options};
  const cache<std::string> values{
      with_cache, {.name = "t", .policy = setup.policy}, [](std::string_view) { return "v"; }};
  const check_report report = with_cache.check(patient);
  EXPECT_EQ(report.state, readiness::ready) << text_of(report);
}

TEST_F(client_check, RefusesANameThatNoCacheMayHave) {
  const client redis{setup.client()};
  try {
    static_cast<void>(redis.check(patient, {"a b"}));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find("'a b'"), std::string::npos) << error.what();
  }
}

TEST_F(client_check, ReportsAWrongPasswordAtOnceAndWithoutIt) {
  client_options options = user_with(rules);
  options.password = "c4nary-wrong";
  const check_report report = client{options}.check(patient, names);
  EXPECT_EQ(report.state, readiness::unusable);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0].request, "connect");
  EXPECT_NE(report.problems[0].reason.find("WRONGPASS"), std::string::npos) << text_of(report);
  EXPECT_EQ(text_of(report).find("c4nary-wrong"), std::string::npos);
  EXPECT_FALSE(report.round_trip);
}

TEST_F(client_check, WaitsForAServerThatStartsMeanwhile) {
  server.stop();
  const client redis{setup.client()};
  const check_report away = redis.check(duration{50}, names);
  EXPECT_EQ(away.state, readiness::unusable);
  ASSERT_EQ(away.problems.size(), 1U) << text_of(away);
  EXPECT_EQ(away.problems[0].request, "connect");
  EXPECT_NE(away.problems[0].reason, "");
  std::optional<check_report> report;
  std::thread checking{[&] { report = redis.check(patient, names); }};
  server.restart();
  checking.join();
  EXPECT_EQ(report->state, readiness::ready) << text_of(*report);
}

TEST_F(client_check, EndsInTimeOnAServerThatHangs) {
  client_options options = setup.client();
  options.silence_max = patient;
  const client redis{options};
  ASSERT_EQ(redis.check(patient, names).state, readiness::ready);
  server.pause();
  const check_report report = redis.check(duration{50}, names);
  server.resume();
  EXPECT_EQ(report.state, readiness::unusable);
  ASSERT_FALSE(report.problems.empty());
  EXPECT_NE(report.problems[0].reason, "");
}

TEST_F(client_check, ReportsAReplica) {
  server.command({"REPLICAOF", "127.0.0.1", "1"});
  const check_report report = client{setup.client()}.check(patient, names);
  EXPECT_EQ(report.role, "replica");
  EXPECT_EQ(report.state, readiness::unusable);
  ASSERT_FALSE(report.problems.empty());
  EXPECT_EQ(report.problems[0].reason, "the server is a replica") << text_of(report);
  EXPECT_EQ(report.problems[0].remedy, "connect to the primary");
}

TEST_F(client_check, ReportsAServerWithoutMemory) {
  server.command({"CONFIG", "SET", "maxmemory", "1"});
  const check_report report = client{setup.client()}.check(patient, names);
  const check_problem* const problem = problem_of(report, "SET");
  ASSERT_NE(problem, nullptr) << text_of(report);
  EXPECT_EQ(problem->reason.substr(0, 3), "OOM");
  EXPECT_EQ(problem->remedy, "raise maxmemory, or set a maxmemory-policy that evicts");
  EXPECT_EQ(report.state, readiness::unusable);
}

TEST_F(client_check, AnswersAnObserverWithoutWaiting) {
  struct checking_observer : observer {
    void on_event(const event& seen) override {
      if (seen.kind == event_kind::connection_up && redis != nullptr) {
        report = redis->check(patient, {"t"});
      }
    }
    client* redis = nullptr;
    std::optional<check_report> report;
  };
  const auto checking = std::make_shared<checking_observer>();
  client_options options = setup.client();
  options.event_observer = checking;
  client redis{options};
  checking->redis = &redis;
  ASSERT_EQ(redis.check(patient, names).state, readiness::ready);
  ASSERT_TRUE(checking->report);
  EXPECT_EQ(checking->report->state, readiness::unusable);
}

TEST_F(client_check, DisturbsNoCallsThatRunAtTheSameTime) {
  cached_origin cached{origin, setup};
  std::atomic<bool> ends{false};
  std::thread checking{[&] {
    while (!ends) EXPECT_EQ(cached.redis.check(patient).state, readiness::ready);
  }};
  for (int i = 0; i < 200; ++i) {
    const std::string key = "k" + std::to_string(i);
    EXPECT_EQ(cached.ask(key).how, "loaded");
    EXPECT_EQ(cached.ask(key).how, "fresh");
    EXPECT_TRUE(cached.values.invalidate(key).has_value());
  }
  ends = true;
  checking.join();
}

}  // namespace
}  // namespace drover::test::check_test
