// SPDX-License-Identifier: MIT
// The server was killed and has loaded its last snapshot: entries that were invalidated after the
// snapshot are not fresh, and loads that began before it are not stored.
#include "integration/fleet.hpp"
#include "integration/in_child.hpp"

namespace drover::test::snapshot_test {
namespace {

class snapshot : public fleet {
 protected:
  [[nodiscard]] cache_options options() const { return {.name = "t", .policy = setup.policy}; }
  [[nodiscard]] client_options with(bool server_keeps_writes) const {
    client_options options = setup.client();
    options.server_keeps_writes = server_keeps_writes;
    return options;
  }
  void save() const { ASSERT_EQ(server.command({"SAVE"}).root().text(), "OK"); }
  /// A user without the right to INFO only, so the client cannot see that the server has restarted.
  [[nodiscard]] client_options without_info() const {
    client_options options = setup.client();
    options.user = "app";
    options.password = "c4nary-secret";
    return options;
  }
  void crash() {
    server.kill9();
    server.restart();
  }
  static void wait_for_connection_of(cached_origin& cached) {
    ASSERT_TRUE(eventually([&] { return cached.ask("other").how != "bypassed"; }));
  }
  /// A process loads `key`, the server saves it, the process invalidates it, and both crash.
  void bring_back(const std::string& key) {
    {
      cached_origin writer{origin, options(), with(true)};
      EXPECT_EQ(writer.ask(key).value, "0:" + key);
      save();
      origin.write(key);
      EXPECT_TRUE(writer.values.invalidate(key).has_value());
    }
    crash();
    ASSERT_FALSE(server.command({"GET", value_key(key)}).root().is_null()) << "it is back";
  }
};

TEST_F(snapshot, BringsNothingBackAsFresh) {
  bring_back("a");
  cached_origin later{origin, options(), with(false)};
  EXPECT_EQ(later.ask("a").value, "1:a");
  EXPECT_EQ(later.ask("a").value, "1:a");
}

TEST_F(snapshot, BringsBackWhatMayBeServedWithinItsGraceAndIsRefreshed) {
  setup.policy.grace = 1h;
  bring_back("a");
  cached_origin later{origin, options(), with(false)};
  EXPECT_NE(later.ask("a").how, "fresh");
  EXPECT_TRUE(eventually([&] { return later.ask("a").value == "1:a"; }));
}

TEST_F(snapshot, BringsBackFreshValuesOnAServerThatLosesNothing) {
  bring_back("a");
  cached_origin later{origin, options(), with(true)};
  const answer got = later.ask("a");
  EXPECT_EQ(got.how, "fresh");
  EXPECT_EQ(got.value, "0:a");
}

TEST_F(snapshot, BringsNothingBackForAProcessThatWasThereBefore) {
  cached_origin reader{origin, options(), with(false)};
  static_cast<void>(reader.ask("warm"));
  bring_back("a");
  wait_for_connection_of(reader);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(reader.ask("a").value, "1:a");
}

TEST_F(snapshot, BringsBackNothingThatAProcessWithoutInfoHasInvalidated) {
  redis_server picky{
      {.tcp = false,
       .arguments = {"--user", "app", "on", ">c4nary-secret", "~*", "&*", "+@all", "-info"}}};
  setup.url = picky.url();
  cached_origin cached{origin, options(), without_info()};
  for (const char* key : {"a", "b"}) EXPECT_EQ(cached.ask(key).value, std::string{"0:"} + key);
  ASSERT_EQ(picky.command({"SAVE"}).root().text(), "OK");
  for (const char* key : {"a", "b"}) {
    origin.write(key);
    EXPECT_TRUE(cached.values.invalidate(key).has_value());
  }
  picky.kill9();
  picky.restart();
  // Not GET: the process may already have sent its invalidations again.
  const std::string persistence{picky.command({"INFO", "persistence"}).root().text()};
  ASSERT_EQ(persistence.find("rdb_last_load_keys_loaded:0\r"), std::string::npos) << persistence;
  wait_for_connection_of(cached);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(cached.ask("a").value, "1:a");
  // Another process does not find the entry once the invalidations were sent again.
  cached_origin other{origin, options(), without_info()};
  EXPECT_TRUE(eventually([&] { return other.ask("b").value == "1:b"; }));
}

// The snapshot has brought its PENDING entry back. The invalidation that removed it is forgotten.
TEST_F(snapshot, DoesNotLetALoadFillThatBeganBefore) {
  use_long_leases();
  setup.policy.lease_ttl = 600ms;
  cached_origin holder{origin, options(), with(false)};
  origin.hold("a");
  crowd caller{1, [&](unsigned) { return holder.ask("a"); }};
  caller.go();
  ASSERT_TRUE(loads_run("a"));
  save();
  origin.write("a");
  server.command({"UNLINK", value_key("a")});
  crash();
  wait_for_connection_of(holder);
  origin.let_go("a");
  EXPECT_EQ(caller.result().got("0:a"), 1U) << "its caller asked before";
  cached_origin later{origin, options(), with(false)};
  EXPECT_EQ(later.ask("a").value, "1:a");
  EXPECT_EQ(holder.ask("a").value, "1:a");
}

TEST_F(snapshot, DoesNotMakeAnybodyWaitForALeaseFromBefore) {
  use_long_leases();
  origin.hold("a", 1);
  {
    auto holder = start_worker();
    holder->start(1, "a");
    ASSERT_TRUE(loads_run("a"));
    save();
    holder->kill9();
  }
  crash();
  in_child([&] {
    cached_origin later{origin, options(), with(false)};
    EXPECT_EQ(later.ask("a").value, "0:a");
  });
}

}  // namespace
}  // namespace drover::test::snapshot_test
