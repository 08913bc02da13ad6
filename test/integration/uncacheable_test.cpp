// SPDX-License-Identifier: MIT
// Processes do not wait for one another's loads of a value that cannot be stored.
#include "integration/gated_loads.hpp"

namespace drover::test::uncacheable_test {
namespace {

/// Several clients with the same cache. Each one represents a process.
class uncacheable : public fleet {
 protected:
  static constexpr unsigned processes = 6;
  using loader = std::function<loaded<std::string>(std::string_view)>;

  [[nodiscard]] std::unique_ptr<text_cache> make(const loader& loads,
                                                 std::size_t value_max = 1000) const {
    client_options with = setup.client();
    with.value_max = value_max;
    return std::make_unique<text_cache>(client{with},
                                        cache_options{.name = "t", .policy = setup.policy}, loads);
  }
  /// A loader whose value may be stored while `stores` is true.
  [[nodiscard]] static loader stored_if(const std::atomic<bool>& stores) {
    return [&stores](std::string_view) {
      loaded<std::string> value{std::string{"x"}};
      value.store = stores;
      return value;
    };
  }
  /// All processes ask for a key. All processes except the first must load it at the same time.
  void load_side_by_side(const loaded<std::string>& brought) {
    setup.policy.uncacheable_ttl = 1min;
    in_child([&] {
      std::atomic<unsigned> loads{0};
      std::atomic<unsigned> inside{0};
      std::atomic<bool> met{false};
      const loader loads_it = [&](std::string_view) {
        if (++loads == 1) return brought;
        ++inside;
        static_cast<void>(eventually([&] { return met || inside == processes - 1; }));
        if (inside == processes - 1) met = true;
        --inside;
        return brought;
      };
      std::vector<std::unique_ptr<text_cache>> caches;
      for (unsigned i = 0; i < processes; ++i) caches.push_back(make(loads_it));
      EXPECT_EQ(caches[0]->get("a"), brought.value);
      crowd callers{processes - 1, [&](unsigned i) { return ask(*caches[i + 1], "a"); }};
      const tally all = callers.result();
      EXPECT_TRUE(met) << "all of them loaded at the same time";
      EXPECT_EQ(all.got(*brought.value), processes - 1) << all.line();
      EXPECT_EQ(caches[0]->peek("a"), std::nullopt) << "nothing is stored";
      EXPECT_EQ(caches[0]->stats().fills, 0U);
    });
  }
};

TEST_F(uncacheable, ByTheLoadersWishIsLoadedSideBySide) {
  load_side_by_side(loaded<std::string>::do_not_store("x"));
}

TEST_F(uncacheable, BecauseItIsTooLongIsLoadedSideBySide) {
  load_side_by_side(std::string(1001, 'x'));
}

TEST_F(uncacheable, IsLoadedByOneCallerOfAProcessAtATime) {
  in_child([&] {
    std::atomic<unsigned> inside{0};
    std::atomic<unsigned> most{0};
    const auto cached = make([&](std::string_view) {
      const unsigned now = ++inside;
      if (now > most) most = now;
      std::this_thread::sleep_for(1ms);
      --inside;
      return loaded<std::string>::do_not_store("x");
    });
    crowd callers{20, [&](unsigned) {
                    answer last;
                    for (int i = 0; i < 5; ++i) last = ask(*cached, "a");
                    return last;
                  }};
    EXPECT_EQ(callers.result().got("x"), 20U);
    EXPECT_EQ(most, 1U);
  });
}

// A caller that joined too late for one load starts again. It gets the result of the next load,
// even if that load has begun when the caller joins.
TEST_F(uncacheable, IsWaitedForDuringTwoLoadsAtMost) {
  constexpr unsigned late = 32;
  in_child([&] {
    gate second_load;
    std::atomic<unsigned> loads{0};
    std::atomic<std::uint64_t> reads_wanted{0};
    const auto cached = make([&](std::string_view) {
      const unsigned number = ++loads;
      if (number == 2) second_load.pass();
      if (number == 3) {  // held until all callers that start again have read the key
        static_cast<void>(eventually([&] { return calls_of(server, "get") >= reads_wanted; }));
      }
      std::this_thread::sleep_for(5ms);
      return loaded<std::string>::do_not_store("x");
    });
    EXPECT_EQ(cached->get("a"), "x") << "the marker stands from here on";
    crowd reader{1, [&](unsigned) { return ask(*cached, "a"); }};
    reader.go();
    ASSERT_TRUE(eventually([&] { return second_load.reached() == 1; }));
    crowd callers{late, [&](unsigned) { return ask(*cached, "a"); }};
    callers.go();
    ASSERT_TRUE(eventually([&] { return cached->stats().misses == late + 2; }));
    reads_wanted = calls_of(server, "get") + late;
    second_load.open();
    EXPECT_EQ(callers.result().got("x"), late);
    EXPECT_LE(loads, 5U) << "the third one is for all, but for a few that joined after its end";
  });
}

// R3: callers that came after the origin was read do not get the result of that read.
TEST_F(uncacheable, IsSharedOnlyWithThoseWhoAskedBeforeTheOriginWasRead) {
  in_child([&] {
    gate second_load;
    std::atomic<int> loads{0};
    const auto cached = make([&](std::string_view) {
      const int number = ++loads;
      if (number == 2) second_load.pass();
      return loaded<std::string>::do_not_store(std::to_string(number));
    });
    EXPECT_EQ(cached->get("a"), "1");
    crowd reader{1, [&](unsigned) { return ask(*cached, "a"); }};
    reader.go();
    ASSERT_TRUE(eventually([&] { return second_load.reached() == 1; }));
    crowd later{3, [&](unsigned) { return ask(*cached, "a"); }};
    later.go();
    ASSERT_TRUE(eventually([&] { return cached->stats().misses == 5; }));
    second_load.open();
    EXPECT_EQ(reader.result().got("2"), 1U);
    const tally all = later.result();
    EXPECT_EQ(all.got("2"), 0U) << all.line();
    EXPECT_EQ(all.total(), 3U);
  });
}

TEST_F(uncacheable, IsForgottenSoThatALaterAnswerIsStored) {
  setup.policy.uncacheable_ttl = 50ms;
  std::atomic<bool> stores{false};
  const auto cached = make(stored_if(stores));
  static_cast<void>(cached->get("a"));
  stores = true;
  EXPECT_TRUE(eventually([&] { return ask(*cached, "a").how == "fresh"; }));
}

TEST_F(uncacheable, IsNotRememberedWhenItsTtlIsZero) {
  setup.policy.uncacheable_ttl = 0ms;
  std::atomic<bool> stores{false};
  const auto cached = make(stored_if(stores));
  static_cast<void>(cached->get("a"));
  ASSERT_TRUE(eventually([&] { return server.command({"GET", value_key("a")}).root().is_null(); }));
  stores = true;
  EXPECT_EQ(ask(*cached, "a").how, "loaded");
  EXPECT_EQ(ask(*cached, "a").how, "fresh");
}

TEST_F(uncacheable, IsTakenAwayByAnInvalidation) {
  setup.policy.uncacheable_ttl = 1h;
  std::atomic<bool> stores{false};
  const auto cached = make(stored_if(stores));
  static_cast<void>(cached->get("a"));
  stores = true;
  EXPECT_TRUE(cached->invalidate("a").has_value());
  EXPECT_EQ(ask(*cached, "a").how, "loaded");
  EXPECT_EQ(ask(*cached, "a").how, "fresh");
}

}  // namespace
}  // namespace drover::test::uncacheable_test
