// SPDX-License-Identifier: MIT
// The simulator's strategies on a real Redis: their common behaviour, and the behaviour of each
// one, its faults included.
#include <ostream>

#include "integration/strategy_play.hpp"
#include "simulate/strategies/command_strategy.hpp"

namespace drover::simulate {

// For failure messages.
void PrintTo(const strategy_kind& kind, std::ostream* to) { *to << kind.name; }

}  // namespace drover::simulate

namespace drover::test::simulate_strategies_test {
namespace {

using simulate::strategy_kind;

std::vector<strategy_kind> every_kind() {
  const auto built_in = simulate::strategies();
  std::vector<strategy_kind> all{built_in.begin(), built_in.end()};
  all.push_back(simulate::command_strategy_kind(sample_command()));
  return all;
}

std::string in_letters(const testing::TestParamInfo<strategy_kind>& info) {
  std::string name{info.param.name};
  std::erase(name, '-');
  return name;
}

// --- all strategies

class simulate_every_strategy : public strategy_play,
                                public testing::WithParamInterface<strategy_kind> {
 protected:
  [[nodiscard]] held_strategy begin_it(std::chrono::milliseconds ttl = 300s) {
    return begin(GetParam(), ttl);
  }
  [[nodiscard]] bool is_drover() const { return GetParam().name.starts_with("drover"); }
};

INSTANTIATE_TEST_SUITE_P(simulate, simulate_every_strategy, testing::ValuesIn(every_kind()),
                         in_letters);

TEST_P(simulate_every_strategy, AsksOnceAndCaches) {
  const held_strategy played = begin_it();
  EXPECT_FALSE(played->is_cached(key));
  EXPECT_EQ(origin.loads(key), 0U) << "whether it is cached is no reason to ask";
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_TRUE(played->is_cached(key));
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_EQ(begin_it()->get(key), version(0)) << "another process";
  EXPECT_EQ(origin.loads(key), 1U);
}

TEST_P(simulate_every_strategy, AsksAgainOnceTheTtlIsOver) {
  const held_strategy played = begin_it(200ms);
  EXPECT_EQ(played->get(key), version(0));
  ASSERT_TRUE(eventually([&] { return !played->is_cached(key); }));
  EXPECT_EQ(origin.loads(key), 1U);
  // Drover with grace refreshes in the background, and its estimate of the server's clock may be
  // late.
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(played->get(key));
    return origin.loads(key) >= 2;
  }));
}

TEST_P(simulate_every_strategy, KnowsARowThatIsNotThere) {
  origin.set_absent(key, true);
  const held_strategy played = begin_it();
  constexpr unsigned calls = 20;
  for (unsigned i = 0; i < calls; ++i) EXPECT_EQ(played->get(key), std::nullopt);
  if (is_drover()) {
    EXPECT_LT(origin.loads(key), calls) << "it remembers for a second";
  } else {
    EXPECT_EQ(origin.loads(key), calls);
    EXPECT_FALSE(played->is_cached(key));
  }
}

TEST_P(simulate_every_strategy, PassesAnErrorOfTheOriginOnAndRecovers) {
  origin.set_failing(key, true);
  const held_strategy played = begin_it();
  const std::string error = error_of(*played);
  EXPECT_FALSE(error.empty());
  EXPECT_EQ(error_of(*played), error);
  EXPECT_FALSE(played->is_cached(key));
  origin.set_failing(key, false);
  EXPECT_TRUE(eventually([&] { return error_of(*played).empty(); }));
  EXPECT_EQ(played->get(key), version(0));
}

TEST_P(simulate_every_strategy, ForgetsWhatIsInvalidated) {
  const held_strategy played = begin_it();
  EXPECT_EQ(played->get(key), version(0));
  origin.write(key);
  played->invalidate(key);
  EXPECT_FALSE(played->is_cached(key));
  EXPECT_EQ(played->get(key), version(1));
  EXPECT_EQ(origin.loads(key), 2U);
}

TEST_P(simulate_every_strategy, KeepsNothingInRedisUnderAKeyThatCannotBeTold) {
  const held_strategy played = begin_it();
  origin.hold(key);
  auto got = later(*played);
  ASSERT_TRUE(loads_run());
  for (const std::string& stored_key : keys())
    EXPECT_NE(stored_key.find(key), std::string::npos) << stored_key;
  origin.let_go(key);
  EXPECT_EQ(got.get(), version(0));
  EXPECT_FALSE(keys().empty());
  for (const std::string& stored_key : keys())
    EXPECT_NE(stored_key.find(key), std::string::npos) << stored_key;
}

TEST_P(simulate_every_strategy, AnswersWithoutRedisAndCachesOnceItIsBack) {
  const held_strategy played = begin_it();
  EXPECT_EQ(played->get(key), version(0));
  server.kill9();
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_GT(origin.loads(key), 1U);
  EXPECT_THROW(played->invalidate(key), std::runtime_error);
  if (GetParam().name != "command") {
    EXPECT_FALSE(played->is_cached(key));  // the sample client uses the ttl
  }

  server.restart();
  EXPECT_TRUE(eventually([&] {
    const std::uint64_t before = origin.loads(key);
    return played->get(key) == version(0) && origin.loads(key) == before;
  }));
  EXPECT_TRUE(eventually([&] { return played->is_cached(key); })) << "maybe by another connection";
  EXPECT_NO_THROW(played->invalidate(key));
}

TEST_P(simulate_every_strategy, LosesNoAnswerWhenRedisGoesDuringTheLoad) {
  const held_strategy played = begin_it();
  origin.hold(key);
  auto got = later(*played);
  ASSERT_TRUE(loads_run());
  server.kill9();
  origin.let_go(key);
  EXPECT_EQ(got.get(), version(0));
  server.restart();
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(played->get(key));
    return played->is_cached(key);
  }));
}

TEST_P(simulate_every_strategy, BeginsWithoutRedis) {
  server.stop();
  const held_strategy played = begin_it();
  EXPECT_FALSE(played->is_cached(key));
  EXPECT_EQ(played->get(key), version(0));
  server.restart();
}

// --- the retry lock

class simulate_lock : public strategy_play {
 protected:
  const std::string lock_key = std::string{"lock:"} + key;

  void lock_it() const { server.command({"SET", lock_key, "somebody else", "PX", "60000"}); }
};

TEST_F(simulate_lock, IsGivenUpAfterFiveAttempts) {
  const held_strategy played = begin("retry-lock");
  lock_it();
  const std::uint64_t before = calls_of(server, "set");
  EXPECT_EQ(played->get(key), version(0)) << "from the database itself";
  EXPECT_EQ(calls_of(server, "set") - before, 5U);
  EXPECT_EQ(stored(key), std::nullopt) << "and nothing is stored";
  EXPECT_EQ(stored(lock_key), "somebody else");
}

TEST_F(simulate_lock, LooksAtTheCacheOnlyWithTheLockInHand) {
  const held_strategy played = begin("retry-lock");
  lock_it();
  auto got = later(*played);
  ASSERT_TRUE(eventually([&] { return calls_of(server, "set") >= 2; })) << "an attempt was made";
  server.command({"SET", key, "meanwhile"});
  EXPECT_EQ(got.get(), version(0)) << "not what came into the cache meanwhile";
}

TEST_F(simulate_lock, IsReadAgainOnceItIsHeld) {
  const held_strategy played = begin("retry-lock");
  server.command({"SET", lock_key, "somebody else", "PX", "150"});
  auto got = later(*played);
  ASSERT_TRUE(eventually([&] { return calls_of(server, "set") >= 2; }));
  server.command({"SET", key, "meanwhile"});
  const row value = got.get();
  // On a very busy machine five attempts may fail before the lock ends.
  EXPECT_TRUE(value == "meanwhile" || value == version(0)) << *value;
  EXPECT_EQ(origin.loads(key), value == "meanwhile" ? 0U : 1U);
}

TEST_F(simulate_lock, DeletesTheLockOfSomebodyElse) {
  const held_strategy played = begin("retry-lock");
  origin.hold(key);
  auto got = later(*played);
  ASSERT_TRUE(loads_run());
  EXPECT_EQ(stored(lock_key), "1");
  lock_it();  // as after its ttl
  origin.let_go(key);
  EXPECT_EQ(got.get(), version(0));
  EXPECT_EQ(stored(lock_key), std::nullopt);
}

TEST_F(simulate_lock, IsGoneAfterAnError) {
  for (const std::string_view name : {"retry-lock", "lock-lua"}) {
    const held_strategy played = begin(name);
    origin.set_failing(key, true);
    EXPECT_NE(error_of(*played), "") << name;
    EXPECT_EQ(stored(lock_key), std::nullopt) << name;
  }
}

// --- the lock with a token and a script

TEST_F(simulate_lock, WithATokenIsDeletedByItsOwnerAlone) {
  const held_strategy played = begin("lock-lua");
  origin.hold(key);
  auto got = later(*played);
  ASSERT_TRUE(loads_run());
  const row token = stored(lock_key);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->size(), 32U);
  lock_it();
  origin.let_go(key);
  EXPECT_EQ(got.get(), version(0));
  EXPECT_EQ(stored(lock_key), "somebody else");
}

TEST_F(simulate_lock, WithATokenIsGoneAfterTheLoadAndNewForTheNext) {
  const held_strategy played = begin("lock-lua");
  std::vector<row> tokens;
  for (int i = 0; i < 2; ++i) {
    origin.hold(key);
    auto got = later(*played);
    ASSERT_TRUE(loads_run());
    tokens.push_back(stored(lock_key));
    origin.let_go(key);
    static_cast<void>(got.get());
    EXPECT_EQ(stored(lock_key), std::nullopt);
    played->invalidate(key);
  }
  EXPECT_NE(tokens[0], tokens[1]);
}

TEST_F(simulate_lock, WithATokenIsWaitedForWithAnEyeOnTheCache) {
  const held_strategy played = begin("lock-lua");
  lock_it();
  auto got = later(*played);
  ASSERT_TRUE(eventually([&] { return calls_of(server, "set") >= 8; })) << "more than 5 attempts";
  EXPECT_EQ(origin.loads(key), 0U);
  server.command({"SET", key, "meanwhile"});
  EXPECT_EQ(got.get(), "meanwhile");
  EXPECT_EQ(origin.loads(key), 0U);
  EXPECT_EQ(stored(lock_key), "somebody else");
}

TEST_F(simulate_lock, WithATokenLetsOneLoadAtATime) {
  const held_strategy first = begin("lock-lua");
  const held_strategy other = begin("lock-lua");
  origin.set_load_time(50ms);
  std::vector<std::future<row>> got;
  for (int i = 0; i < 20; ++i) got.push_back(later(i % 2 == 0 ? *first : *other));
  for (auto& answer : got) EXPECT_EQ(answer.get(), version(0));
  EXPECT_EQ(origin.loads(key), 1U);
}

// --- early expiration

class simulate_xfetch : public strategy_play {
 protected:
  static std::string from_now(std::chrono::seconds length) {
    const auto then = std::chrono::system_clock::now() + length;
    return std::to_string(
        std::chrono::duration_cast<std::chrono::microseconds>(then.time_since_epoch()).count());
  }
  const std::string meta_key = std::string{key} + ":meta";
};

TEST_F(simulate_xfetch, KeepsOneEntryWithTheMeasuredLoadTime) {
  const held_strategy played = begin("xfetch");
  origin.set_load_time(30ms);
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_EQ(keys(), std::vector<std::string>{key});
  const row entry = stored(key);
  ASSERT_TRUE(entry);
  EXPECT_GE(std::stoll(*entry), 30'000) << "microseconds, of " << *entry;
  EXPECT_TRUE(entry->ends_with('\n' + *version(0))) << *entry;
}

TEST_F(simulate_xfetch, RefreshesEarlyWhatTookLongToLoad) {
  const held_strategy played = begin("xfetch");
  const std::string soon = from_now(60s);
  server.command({"SET", key, "0 " + soon + "\nold"});
  EXPECT_EQ(played->get(key), "old");
  // The probability is 1 - e^(-60 s / 32,000 years): the refresh is almost certain.
  server.command({"SET", key, "1000000000000000000 " + soon + "\nold"});
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_EQ(origin.loads(key), 1U);
}

TEST_F(simulate_xfetch, TakesAnEntryThatIsNotItsOwnForAMiss) {
  const held_strategy played = begin("xfetch");
  server.command({"SET", key, "something else"});
  EXPECT_EQ(played->get(key), version(0));
}

TEST_F(simulate_xfetch, ByAgeKeepsTwoKeysOfWhichOneMayBeMissing) {
  const held_strategy played = begin("xfetch-by-age");
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_EQ(keys().size(), 2U);
  EXPECT_EQ(stored(key), version(0));
  server.command({"DEL", meta_key});
  EXPECT_FALSE(played->is_cached(key));
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_EQ(origin.loads(key), 2U) << "a query for a value that was there";
  EXPECT_TRUE(stored(meta_key));
}

TEST_F(simulate_xfetch, ByAgeGoesByTheValuesAge) {
  const held_strategy played = begin("xfetch-by-age");
  const std::string soon = from_now(1s);
  server.command({"SET", key, "old"});
  server.command({"SET", meta_key, "-1000000000000000000 " + soon + "\n"});  // very long ago
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_EQ(origin.loads(key), 1U) << "though the load takes no time at all";
}

// --- single-flight

using simulate_single_flight = strategy_play;

TEST_F(simulate_single_flight, SendsOneQueryForAllCallersOfAProcess) {
  const held_strategy played = begin("singleflight");
  origin.hold(key);
  std::vector<std::future<row>> got;
  for (int i = 0; i < 20; ++i) got.push_back(later(*played));
  ASSERT_TRUE(loads_run());
  origin.let_go(key);
  for (auto& answer : got) EXPECT_EQ(answer.get(), version(0));
  EXPECT_EQ(origin.loads(key), 1U);
}

TEST_F(simulate_single_flight, SendsOneForEachProcess) {
  const held_strategy first_cache = begin("singleflight");
  const held_strategy other = begin("singleflight");
  origin.hold(key);
  auto first = later(*first_cache);
  auto second = later(*other);
  EXPECT_TRUE(loads_run(2));
  origin.let_go(key);
  EXPECT_EQ(first.get(), version(0));
  EXPECT_EQ(second.get(), version(0));
}

TEST_F(simulate_single_flight, LoadsOtherKeysMeanwhile) {
  const held_strategy played = begin("singleflight");
  origin.hold(key);
  auto got = later(*played);
  ASSERT_TRUE(loads_run());
  EXPECT_EQ(played->get("other"), shared_origin::text_of("other", 0));
  origin.let_go(key);
  EXPECT_EQ(got.get(), version(0));
}

// --- Drover

using simulate_drover = strategy_play;

TEST_F(simulate_drover, SendsOneQueryForAllProcesses) {
  const held_strategy first_cache = begin("drover");
  const held_strategy other = begin("drover");
  origin.hold(key);
  auto first = later(*first_cache);
  auto second = later(*other);
  ASSERT_TRUE(loads_run());
  origin.let_go(key);
  EXPECT_EQ(first.get(), version(0));
  EXPECT_EQ(second.get(), version(0));
  EXPECT_EQ(origin.loads(key), 1U);
}

TEST_F(simulate_drover, WithGraceServesTheOldValueWhileTheOriginFails) {
  const held_strategy played = begin("drover", 10s);
  const held_strategy brief = begin("drover", 1s);
  EXPECT_EQ(brief->get(key), version(0));
  ASSERT_TRUE(eventually([&] { return !played->is_cached(key); })) << "stale is not cached";
  origin.set_failing(key, true);
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_TRUE(eventually([&] { return origin.loads(key) > 1; })) << "a refresh was tried";
}

TEST_F(simulate_drover, WithoutGraceIsNeverStale) {
  const held_strategy played = begin("drover-strict", 200ms);
  EXPECT_EQ(played->get(key), version(0));
  ASSERT_TRUE(eventually([&] { return !played->is_cached(key); }));
  origin.set_failing(key, true);
  EXPECT_NE(error_of(*played), "");
}

TEST_F(simulate_drover, CountsAnAbsentRowAsCached) {
  origin.set_absent(key, true);
  const held_strategy played = begin("drover");
  EXPECT_TRUE(eventually([&] {
    return played->get(key) == std::nullopt && played->is_cached(key);
  })) << "for a second at a time";
}

}  // namespace
}  // namespace drover::test::simulate_strategies_test
