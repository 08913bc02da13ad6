// SPDX-License-Identifier: MIT
// get_or_load: callers with their own loaders do not get the failure of another caller's loader.
#include "integration/gated_loads.hpp"

namespace drover::test::borrowed_loader_test {
namespace {

class borrowed_loader : public fleet {
 protected:
  using loader = std::function<std::string(std::string_view)>;

  static answer ask_with(text_cache& cached, std::string_view key, const loader& loads) {
    return answer_of([&] { return fetched<std::string>{.value = cached.get_or_load(key, loads)}; });
  }
  /// Asks for "a" with a loader that passes the gate and then throws.
  static answer fail_behind(gate& held, text_cache& cached) {
    return ask_with(cached, "a", [&](std::string_view) -> std::string {
      held.pass();
      throw std::runtime_error{"the first one's"};
    });
  }
  [[nodiscard]] std::unique_ptr<text_cache> make() const {
    return std::make_unique<text_cache>(client{setup.client()},
                                        cache_options{.name = "t", .policy = setup.policy},
                                        [](std::string_view) -> std::string {
                                          throw std::runtime_error{"the cache's own loader"};
                                        });
  }
};

TEST_F(borrowed_loader, ThatFailsLeavesTheOthersToTryTheirs) {
  for (const bool has_redis : {true, false}) {
    setup.url = has_redis ? server.url() : std::string{nobodys_url};
    in_child([&] {
      gate held;
      std::atomic<unsigned> inside{0};
      std::atomic<unsigned> most{0};
      std::atomic<unsigned> loads{0};
      const auto cached = make();
      crowd first{1, [&](unsigned) { return fail_behind(held, *cached); }};
      first.go();
      ASSERT_TRUE(eventually([&] { return held.reached() == 1; }));
      crowd others{8, [&](unsigned i) {
                     return ask_with(*cached, "a", [&, i](std::string_view) -> std::string {
                       ++loads;
                       if (++inside > most) most = inside.load();
                       std::this_thread::sleep_for(1ms);
                       --inside;
                       if (i < 4) throw std::runtime_error{std::to_string(i)};
                       return "x";
                     });
                   }};
      others.go();
      ASSERT_TRUE(eventually([&] { return cached->stats().misses >= 9; }));
      held.open();
      EXPECT_EQ(first.answers().front().text, "the first one's");
      const std::vector<answer> answers = others.answers();
      for (unsigned i = 0; i < 8; ++i) {
        const answer& result = answers[i];
        const bool own_failure = i < 4 && result.text == std::to_string(i);
        EXPECT_TRUE(result.value == "x" || own_failure) << i << ": " << result.text;
      }
      EXPECT_EQ(most, 1U) << "one at a time";
      EXPECT_LE(loads, 8U) << "once per call";
    });
  }
}

TEST_F(borrowed_loader, ThatFailsAnswersThoseWhoBroughtNone) {
  in_child([&] {
    gate held;
    const auto cached = make();
    crowd first{1, [&](unsigned) { return fail_behind(held, *cached); }};
    first.go();
    ASSERT_TRUE(eventually([&] { return held.reached() == 1; }));
    crowd others{4, [&](unsigned) { return ask(*cached, "a"); }};
    others.go();
    ASSERT_TRUE(eventually([&] { return cached->stats().misses >= 5; }));
    held.open();
    EXPECT_EQ(others.result().count("threw"), 4U);
    EXPECT_EQ(first.result().count("threw"), 1U);
  });
}

TEST_F(borrowed_loader, IsTriedOnceThoughAnotherProcessesLoadFailed) {
  const auto local = make();
  const auto elsewhere = make();
  EXPECT_EQ(ask_with(*elsewhere, "a",
                     [](std::string_view) -> std::string { throw std::runtime_error{"theirs"}; })
                .text,
            "theirs");
  ASSERT_NO_FATAL_FAILURE(prolong_pause("a"));
  int loads = 0;
  const answer mine = ask_with(*local, "a", [&](std::string_view) {
    ++loads;
    return std::string{"x"};
  });
  EXPECT_EQ(mine.value, "x") << mine.text;
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(ask(*elsewhere, "a").how, "fresh") << "it was stored";
}

TEST_F(borrowed_loader, ThatFailsIsTriedOnceForItsCaller) {
  const auto cached = make();
  int loads = 0;
  const auto fails = [&](std::string_view) -> std::string {
    ++loads;
    throw std::runtime_error{"mine"};
  };
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(ask_with(*cached, "a", fails).text, "mine");
    EXPECT_EQ(loads, i);
  }
}

}  // namespace
}  // namespace drover::test::borrowed_loader_test
