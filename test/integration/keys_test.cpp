// SPDX-License-Identifier: MIT
// Unusual keys that users should avoid.
#include <vector>

#include "integration/fleet.hpp"

namespace drover::test::keys_test {
namespace {

using hostile_keys = fleet;

std::vector<std::string> chosen_badly() {
  std::vector<std::string> keys{"",
                                std::string(1, '\0'),
                                std::string("a\0b", 3),
                                std::string("a\0", 2),
                                "\r\n",
                                "a\r\nDEL t\r\n",
                                "*1\r\n$8\r\nFLUSHALL\r\n",
                                "{",
                                "}",
                                "{}",
                                "{}a",
                                "}{",
                                "{=a}",
                                "a}",
                                "=a",
                                "#a",
                                "\xFF",
                                "\xFF\xFE\xFD",
                                "\xC3\x28",
                                " ",
                                "a b",
                                "\"'\\",
                                "%00%s%n",
                                std::string(199, 'x'),
                                std::string(200, 'x'),
                                std::string(201, 'x'),
                                std::string(202, 'x'),
                                std::string(201, '\0'),
                                std::string(64 * 1024, 'y')};
  for (int c = 0; c < 256; ++c) keys.push_back("byte" + std::string(1, static_cast<char>(c)));
  return keys;
}

TEST_F(hostile_keys, AreKeysLikeAllOthers) {
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  const std::vector<std::string> keys = chosen_badly();
  for (const std::string& key : keys) {
    const answer got = cached.ask(key);
    EXPECT_EQ(got.how, "loaded") << testing::PrintToString(key.substr(0, 50));
    EXPECT_EQ(got.value, "0:" + key);
  }
  for (const std::string& key : keys) {
    const answer got = other.ask(key);
    EXPECT_EQ(got.how, "fresh") << testing::PrintToString(key.substr(0, 50));
    EXPECT_EQ(got.value, "0:" + key) << "and no two of them meet";
  }
  EXPECT_EQ(origin.loads(), keys.size());
  EXPECT_EQ(server.command({"DBSIZE"}).root().integer(), static_cast<long long>(keys.size()));
  EXPECT_EQ(cached.values.stats().corrupt_entries + other.values.stats().corrupt_entries, 0U);
}

TEST_F(hostile_keys, AreInvalidatedLikeAllOthers) {
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  for (const std::string& key : chosen_badly()) {
    static_cast<void>(cached.ask(key));
    ASSERT_TRUE(other.values.invalidate(key).has_value());
    EXPECT_EQ(cached.values.peek(key), std::nullopt);
  }
  EXPECT_EQ(server.command({"DBSIZE"}).root().integer(), 0);
}

TEST_F(hostile_keys, WakeTheirWaiters) {
  use_long_leases();
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  for (const std::string& key :
       {std::string{}, std::string("\0\r\n}", 4), std::string(201, '{'), std::string("\xFF")}) {
    const std::uint64_t before = scripts_run();
    origin.hold(key);
    crowd leader{1, [&](unsigned) { return cached.ask(key); }};
    leader.go();
    ASSERT_TRUE(loads_run(key));
    crowd waiters{3, [&](unsigned) { return other.ask(key); }};
    waiters.go();
    ASSERT_TRUE(eventually([&] { return scripts_run() >= before + 2; }));
    origin.let_go(key);
    EXPECT_EQ(leader.result().count("loaded"), 1U);
    EXPECT_EQ(waiters.result().got("0:" + key), 3U);
    EXPECT_EQ(origin.loads(key), 1U);
  }
}

TEST_F(hostile_keys, ThatAreFarTooLongAreLoadedAndNeverStored) {
  cached_origin cached{origin, setup};
  for (const std::size_t size : {std::size_t{64 * 1024 + 1}, std::size_t{1} << 20U}) {
    const std::string key(size, 'k');
    for (std::uint64_t i = 1; i <= 2; ++i) {
      EXPECT_EQ(cached.ask(key).value, "0:" + key);
      EXPECT_EQ(origin.loads(key), i);
    }
    EXPECT_EQ(cached.values.peek(key), std::nullopt);
  }
  EXPECT_EQ(server.command({"DBSIZE"}).root().integer(), 0);
  EXPECT_EQ(cached.values.stats().not_stored, 4U);
}

TEST_F(hostile_keys, ThatAreFarTooLongCountOncePerLoadAsNotStored) {
  cached_origin cached{origin, setup};
  const std::string key(64 * 1024 + 1, 'k');
  origin.hold(key);
  crowd callers{8, [&](unsigned) { return cached.ask(key); }};
  callers.go();
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 8; }));
  origin.let_go(key);
  EXPECT_EQ(callers.result().got("0:" + key), 8U);
  EXPECT_EQ(cached.values.stats().loads, 1U);
  EXPECT_EQ(cached.values.stats().not_stored, 1U);
  origin.set_failing(key, true);
  EXPECT_EQ(cached.ask(key).how, "origin_failure");
  EXPECT_EQ(cached.values.stats().not_stored, 1U) << "there was nothing to store";
}

}  // namespace
}  // namespace drover::test::keys_test
