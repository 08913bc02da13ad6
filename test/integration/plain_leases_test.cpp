// SPDX-License-Identifier: MIT
// Servers that refuse scripts: leases by plain commands, with the same guarantees. On the usual
// server changes are transactions on a second connection (unless it knows SET IFEQ), and on Valkey
// they are SET IFEQ.
#include <csignal>
#include <mutex>

#include "integration/fleet.hpp"
#include "lease/rights.hpp"

namespace drover::test::plain_leases_test {
namespace {

/// Keeps what is told about refusals.
class refusal_log : public observer {
 public:
  void on_event(const event& happened) override {
    if (happened.kind != event_kind::connection_refused) return;
    const std::scoped_lock lock{mutex_};
    texts_.emplace_back(happened.text);
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    const std::scoped_lock lock{mutex_};
    return texts_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
};

class plain_leases : public fleet, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && valkey_program().empty()) {
      GTEST_SKIP() << "no valkey-server in PATH, and DROVER_VALKEY_SERVER is not its path";
    }
    redis_server::options with{.tcp = true, .arguments = {}};
    if (GetParam()) with.program = valkey_program();
    tested.emplace(with);
    compares = knows_comparisons(*tested);
    set_user({"~*", "&*", "+@all", "-@scripting"});
    setup.url = "redis://app:c4nary-secret@127.0.0.1:" + std::to_string(tested->port());
    setup.policy.grace = 1h;
  }

  void set_user(std::initializer_list<std::string_view> rules) {
    std::vector<std::string_view> words{"ACL", "SETUSER", "app", "reset", "on", ">c4nary-secret"};
    words.insert(words.end(), rules);
    raw_client admin = tested->connect();
    ASSERT_EQ(admin.command(words).root().text(), "OK");
  }
  void change_user(std::string_view rule) { tested->command({"ACL", "SETUSER", "app", rule}); }
  [[nodiscard]] std::uint64_t calls(std::string_view command) const {
    return calls_of(*tested, command);
  }
  [[nodiscard]] entry::envelope entry_of(std::string_view key) const {
    const resp::message reply = tested->command({"GET", value_key(key)});
    return entry::decode(reply.root().is_null() ? std::string_view{} : reply.root().text()).head;
  }
  /// SET NX GET runs once for each request of a lease.
  [[nodiscard]] bool have_asked(unsigned processes) const {
    return eventually([&] { return calls("set") >= processes; });
  }

  std::optional<redis_server> tested;
  bool compares = false;  ///< it knows SET IFEQ
};

TEST_P(plain_leases, AreGrantedToOneProcessOfAFleet) {
  use_long_leases();
  auto first = start_worker();
  auto others = start_workers(3);
  origin.hold("a");
  first->start(5, "a");
  ASSERT_TRUE(loads_run("a"));
  const std::uint64_t before = calls("set");
  for (auto& other : others) other->start(5, "a");
  ASSERT_TRUE(have_asked(static_cast<unsigned>(before) + 3));
  origin.let_go("a");
  EXPECT_EQ(first->result().got("0:a"), 5U);
  for (auto& other : others) {
    const tally all = other->result();
    EXPECT_EQ(all.got("0:a"), 5U) << all.line();
    EXPECT_EQ(all.count("bypassed"), 0U) << all.line();
  }
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(calls("evalsha"), 0U);
  EXPECT_EQ(calls("exec") > 0, !compares) << "only servers without SET IFEQ";
  EXPECT_EQ(first->get(1, "a").count("fresh"), 1U);
  for (auto& other : others) EXPECT_EQ(other->quit(), 0);
  EXPECT_EQ(first->quit(), 0);
}

TEST_P(plain_leases, AnInvalidationFencesTheLoadThatRuns) {
  cached_origin loading{origin, setup};
  cached_origin writing{origin, setup};
  origin.hold("a", 1);
  crowd callers{1, [&](unsigned) { return loading.ask("a"); }};
  callers.go();
  ASSERT_TRUE(loads_run("a"));
  origin.write("a");
  ASSERT_TRUE(writing.values.invalidate("a").has_value());
  origin.let_go("a");
  EXPECT_EQ(callers.result().got("0:a"), 1U) << "it joined before the invalidation";
  EXPECT_TRUE(eventually([&] { return loading.values.stats().fills_refused == 1; }));
  EXPECT_EQ(writing.ask("a").value, "1:a");
  EXPECT_EQ(loading.ask("a").value, "1:a");
}

TEST_P(plain_leases, OfAKilledHolderAreTakenOver) {
  use_long_leases();
  auto first = start_worker();
  auto second = start_worker();
  origin.hold("a");
  first->start(1, "a");
  ASSERT_TRUE(loads_run("a"));
  const std::uint64_t before = calls("set");
  second->start(5, "a");
  ASSERT_TRUE(have_asked(static_cast<unsigned>(before) + 1));
  first->kill9();
  ASSERT_TRUE(eventually([&] { return origin.loads("a") == 2; }));
  EXPECT_EQ(origin.last_loader("a"), second->pid());
  origin.let_go("a");
  const tally all = second->result();
  EXPECT_EQ(all.got("0:a"), 5U) << all.line();
  EXPECT_EQ(all.count("loaded"), 1U) << all.line();
  EXPECT_EQ(second->stat("take_overs"), 1U);
  EXPECT_EQ(second->quit(), 0);
}

TEST_P(plain_leases, AreRenewedAndKeepTheirToken) {
  setup.policy.lease_ttl = 300ms;
  cached_origin cached{origin, setup};
  origin.hold("a");
  crowd callers{1, [&](unsigned) { return cached.ask("a"); }};
  callers.go();
  ASSERT_TRUE(loads_run("a"));
  const entry::envelope granted = entry_of("a");
  ASSERT_EQ(granted.kind, entry::kind::pending);
  ASSERT_TRUE(eventually([&] { return entry_of("a").until >= granted.until + 200ms; }));
  EXPECT_EQ(entry_of("a").produced_by, granted.produced_by);
  EXPECT_EQ(entry_of("a").stored_at, granted.stored_at);
  origin.let_go("a");
  EXPECT_EQ(callers.result().count("loaded"), 1U);
  EXPECT_EQ(cached.values.peek("a"), "0:a");
  EXPECT_EQ(origin.loads("a"), 1U);
}

TEST_P(plain_leases, RefreshAStaleValueOnce) {
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  origin.write("a");
  ASSERT_TRUE(cached.values.expire("a").has_value());
  const answer stale = cached.ask("a");
  EXPECT_EQ(stale.how, "stale");
  EXPECT_EQ(stale.value, "0:a");
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  EXPECT_EQ(cached.ask("a").value, "1:a");
  EXPECT_EQ(origin.loads("a"), 2U);
}

TEST_P(plain_leases, ShareAFailure) {
  cached_origin cached{origin, setup};
  auto other = start_worker();
  origin.set_failing("a", true);
  EXPECT_EQ(cached.ask("a").how, "origin_failure");
  const tally theirs = other->get(1, "a");
  EXPECT_EQ(theirs.count("load_failed:threw") + theirs.count("origin_failure"), 1U);
  origin.set_failing("a", false);
  EXPECT_TRUE(eventually([&] { return cached.ask("a").value == "0:a"; }));
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  EXPECT_EQ(other->quit(), 0);
}

TEST_P(plain_leases, GiveWayToScriptsThatAreAllowedAgain) {
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  EXPECT_EQ(calls("evalsha"), 0U);
  change_user("+@scripting");
  int number = 0;
  const auto uses_scripts = [&] {
    const std::uint64_t before = calls("evalsha");
    EXPECT_EQ(cached.ask("more " + std::to_string(++number)).how, "loaded");
    return calls("evalsha") >= before + 2;  // a lease and a fill
  };
  EXPECT_TRUE(eventually(uses_scripts));
  change_user("-@scripting");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(cached.ask("again " + std::to_string(i)).how, "loaded");
    EXPECT_EQ(cached.ask("again " + std::to_string(i)).how, "fresh");
  }
  EXPECT_EQ(cached.redis.availability().state, availability::available);
}

TEST_P(plain_leases, AreToldOnce) {
  const auto told = std::make_shared<refusal_log>();
  client_options with = setup.client();
  with.event_observer = told;
  const client redis{with};
  cache<std::string> values{redis, {.name = "t", .policy = setup.policy}, [](std::string_view key) {
                              return std::string{key};
                            }};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(values.fetch(std::to_string(i)).how, served::loaded);
  const std::vector<std::string> texts = told->texts();
  ASSERT_EQ(texts.size(), 1U);
  const std::string_view instead = compares ? "SET IFEQ" : "WATCH and MULTI";
  EXPECT_NE(texts.front().find(instead), std::string::npos) << texts.front();
  EXPECT_NE(texts.front().find("evalsha"), std::string::npos) << texts.front();
  EXPECT_EQ(redis.availability().state, availability::available);
}

// `drover acl --no-scripts` prints this user.
TEST_P(plain_leases, NeedOnlyThePrintedRights) {
  const std::vector<std::string> rules =
      lease::acl_rules_without_scripts(std::vector<std::string>{"t"}, false);
  std::vector<std::string_view> words{"ACL", "SETUSER", "app", "reset", "on", ">c4nary-secret"};
  words.insert(words.end(), rules.begin(), rules.end());
  raw_client admin = tested->connect();
  ASSERT_EQ(admin.command(words).root().text(), "OK");
  use_long_leases();
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  origin.write("a");
  EXPECT_TRUE(cached.values.expire("a").has_value());
  EXPECT_EQ(cached.ask("a").how, "stale");
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  EXPECT_TRUE(cached.values.invalidate("a").has_value());
  auto other = start_worker();
  origin.hold("b");
  crowd leader{1, [&](unsigned) { return cached.ask("b"); }};
  leader.go();
  ASSERT_TRUE(loads_run("b"));
  const std::uint64_t before = calls("set");
  other->start(3, "b");
  ASSERT_TRUE(have_asked(static_cast<unsigned>(before) + 1));
  origin.let_go("b");
  EXPECT_EQ(other->result().got("0:b"), 3U);
  EXPECT_EQ(origin.loads("b"), 1U);
  // Only scripts are refused, when they are tried.
  const resp::message log = admin.command({"ACL", "LOG"});
  for (std::size_t i = 0; i < log.root().size(); ++i) {
    const std::string_view refused = log.root()[i][7].text();
    EXPECT_TRUE(refused == "evalsha" || refused == "script|load") << refused;
  }
  EXPECT_EQ(other->quit(), 0);
}

TEST_P(plain_leases, SurviveALostConnection) {
  cached_origin cached{origin, setup};
  for (int i = 0; i < 20; ++i) {
    const std::string key = std::to_string(i);
    static_cast<void>(cached.ask(key));
    tested->command({"CLIENT", "KILL", "USER", "app"});
    EXPECT_EQ(cached.ask(key).value, "0:" + key);
  }
  EXPECT_TRUE(eventually([&] { return cached.ask("last").how == "fresh"; }));
}

TEST_P(plain_leases, WithoutTrackingWaitersPoll) {
  set_user({"~*", "&*", "+@all", "-@scripting", "-client|tracking"});
  use_long_leases();
  cached_origin holder{origin, setup};
  auto waiter = start_worker();
  origin.hold("a");
  crowd leader{1, [&](unsigned) { return holder.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  const std::uint64_t before = calls("set");
  waiter->start(5, "a");
  ASSERT_TRUE(have_asked(static_cast<unsigned>(before) + 4)) << "it asks again";
  EXPECT_EQ(entry_of("a").flags, 0U) << "the stub does not change";
  origin.let_go("a");
  EXPECT_EQ(waiter->result().got("0:a"), 5U);
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(waiter->quit(), 0);
}

TEST_P(plain_leases, AProcessThatMayRunScriptsSharesTheLeases) {
  use_long_leases();
  cached_origin holder{origin, setup};
  setup.url = tested->url();
  auto scripting = start_worker();
  origin.hold("a");
  crowd leader{1, [&](unsigned) { return holder.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  scripting->start(5, "a");
  ASSERT_TRUE(eventually([&] { return calls("evalsha") >= 1; }));
  origin.let_go("a");
  EXPECT_EQ(leader.result().count("loaded"), 1U);
  EXPECT_EQ(scripting->result().got("0:a"), 5U);
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(scripting->quit(), 0);
}

TEST_P(plain_leases, AreMissingWithoutScriptsAndTransactions) {
  if (compares) GTEST_SKIP() << "it has SET IFEQ";
  change_user("-@transaction");
  cached_origin cached{origin, setup};
  origin.hold("a");
  crowd callers{10, [&](unsigned) { return cached.ask("a"); }};
  callers.go();
  ASSERT_TRUE(loads_run("a"));
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 10; }));
  origin.let_go("a");
  const tally all = callers.result();
  EXPECT_EQ(all.got("0:a"), 10U) << all.line();
  EXPECT_EQ(origin.running_max("a"), 1U) << "the process still coalesces";
  EXPECT_EQ(cached.redis.availability().state, availability::refused);
  EXPECT_EQ(cached.log->count(event_kind::connection_refused), 1U);
  EXPECT_TRUE(tested->command({"GET", value_key("a")}).root().is_null());
  change_user("+@scripting");
  EXPECT_TRUE(eventually([&] { return cached.ask("b").how == "fresh"; }));
  EXPECT_EQ(cached.redis.availability().state, availability::available);
}

INSTANTIATE_TEST_SUITE_P(by, plain_leases, testing::Values(false, true),
                         [](const auto& of) { return of.param ? "IfEq" : "Transactions"; });

}  // namespace
}  // namespace drover::test::plain_leases_test
