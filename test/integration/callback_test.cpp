// SPDX-License-Identifier: MIT
// Code of the user that runs on the thread which reads for all callers (destructors of values and
// exceptions, callbacks of stop tokens) may call the cache, block, and drop the last handle.
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "integration/gated_loads.hpp"

namespace drover::test::callback_test {
namespace {

/// Calls a function when it is destroyed.
struct hook {
  explicit hook(std::function<void()> call) : at_end{std::move(call)} {}
  hook(const hook&) = delete;
  hook& operator=(const hook&) = delete;
  ~hook() {
    if (at_end) at_end();
  }
  std::function<void()> at_end;
};

struct hooked_value {
  std::string text;
  std::shared_ptr<hook> held;
};

}  // namespace
}  // namespace drover::test::callback_test

template <>
struct drover::codec<drover::test::callback_test::hooked_value> {
  static std::string encode(const test::callback_test::hooked_value& value) { return value.text; }
  static result<test::callback_test::hooked_value> decode(std::string_view bytes) {
    return test::callback_test::hooked_value{std::string{bytes}, {}};
  }
};

namespace drover::test::callback_test {
namespace {

class callbacks : public fleet {
 protected:
  /// The calls of a destructor or callback: one of each kind.
  static void use(text_cache& other, unsigned number) {
    EXPECT_EQ(other.get("cold" + std::to_string(number)).value_or(""),
              "cold" + std::to_string(number));
    static_cast<void>(other.peek("warm"));
    static_cast<void>(other.invalidate("victim"));
    static_cast<void>(other.expire("cold"));
    other.refresh("warm");
    static_cast<void>(other.drain(drover::duration{1}));
  }
};

TEST_F(callbacks, OfAValuesDestructorMayCallTheCache) {
  in_child([&] {
    client redis{setup.client()};
    text_cache other{redis, {.name = "other", .policy = setup.policy}, own_key};
    std::atomic<unsigned> begun{0};
    std::atomic<unsigned> ended{0};
    ASSERT_EQ(ask(other, "victim").how, "loaded");
    {
      cache<hooked_value> values{
          redis, {.name = "values", .policy = setup.policy}, [&](std::string_view key) {
            return hooked_value{std::string{key}, std::make_shared<hook>([&] {
                                  use(other, ++begun);
                                  ++ended;
                                })};
          }};
      crowd callers{
          8, [&](unsigned caller) {
            for (int i = 0; i < 50; ++i) {
              static_cast<void>(values.get(std::to_string(caller) + "-" + std::to_string(i)));
            }
            return answer{};
          }};
      EXPECT_EQ(callers.result().total(), 8U);
      for (int i = 0; i < 20; ++i) values.refresh("r" + std::to_string(i));
      EXPECT_TRUE(eventually([&] { return values.stats().loads == 8 * 50 + 20; }));
    }
    EXPECT_TRUE(eventually([&] { return begun == 8 * 50 + 20 && ended == begun; })) << begun;
    EXPECT_EQ(ask(other, "last").value, "last");
    const std::string victim = entry::key_space{"other", 1}.value_key("victim");
    EXPECT_TRUE(eventually([&] {
      return server.command({"EXISTS", victim}).root().integer() == 0;
    })) << "the invalidation was sent, if later";
  });
}

TEST_F(callbacks, OfAnExceptionsDestructorMayCallTheCache) {
  setup.policy.lease_ttl = 100ms;
  setup.policy.load_max = 100ms;
  struct failure : std::runtime_error {
    explicit failure(std::shared_ptr<hook> with) : runtime_error{"no"}, held{std::move(with)} {}
    std::shared_ptr<hook> held;
  };
  in_child([&] {
    client redis{setup.client()};
    text_cache other{redis, {.name = "other", .policy = setup.policy}, own_key};
    std::atomic<unsigned> begun{0};
    std::atomic<unsigned> ended{0};
    std::atomic<bool> hangs{false};
    gate late;
    text_cache failing{
        redis, {.name = "failing", .policy = setup.policy}, [&](std::string_view) -> std::string {
          if (hangs) {
            late.pass();
            return "too late";
          }
          throw failure{std::make_shared<hook>([&] {
            use(other, ++begun);
            ++ended;
          })};
        }};
    EXPECT_THROW(static_cast<void>(failing.get("a")), failure);
    hangs = true;
    // After the pause a load begins that exceeds load_max, and so replaces the failure.
    crowd caller{1, [&](unsigned) {
                   while (late.reached() == 0) static_cast<void>(ask(failing, "a"));
                   return answer{};
                 }};
    caller.go();
    EXPECT_TRUE(eventually([&] { return ended > 0 && ended == begun; }));
    EXPECT_EQ(ask(other, "last").value, "last");
    late.open();
    static_cast<void>(caller.result());
  });
}

TEST_F(callbacks, OfAStopTokenMayCallTheCacheAndBlock) {
  setup.policy.lease_ttl = 100ms;
  setup.policy.load_max = 100ms;
  in_child([&] {
    client redis{with_single_threads(setup.client())};
    cache_setup patient = setup;
    patient.policy.load_max = 30s;
    text_cache other{redis, {.name = "other", .policy = patient.policy}, own_key};
    gate blocks;
    gate late;
    std::atomic<bool> has_called{false};
    text_cache slow{redis,
                    {.name = "slow", .policy = setup.policy},
                    [&](std::string_view, load& run) -> std::string {
                      const std::stop_callback at_stop{run.stop_token(), [&] {
                                                         EXPECT_EQ(ask(other, "x").value, "x");
                                                         has_called = true;
                                                         blocks.pass();
                                                       }};
                      late.pass();
                      return "too late";
                    }};
    crowd caller{1, [&](unsigned) { return ask(slow, "a", in_good_time()); }};
    caller.go();
    ASSERT_TRUE(eventually([&] { return blocks.reached() == 1; })) << has_called;
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(ask(other, "cold" + std::to_string(i)).how, "loaded") << "while it blocks";
    }
    blocks.open();
    late.open();
    static_cast<void>(caller.result());
  });
}

// The destructor drops the handles itself, or calls another cache whose loader drops them.
TEST_F(callbacks, OfAValuesDestructorMayDropTheLastHandle) {
  struct everything {
    explicit everything(client_options with) : redis{std::move(with)} {}
    client redis;
    std::optional<cache<hooked_value>> values;
    std::optional<text_cache> other;
  };
  for (int round = 0; round < 10; ++round) {
    in_child([&] {
      std::atomic<bool> is_dropped{false};
      std::atomic<bool> is_destroyed{false};
      auto all = std::make_shared<everything>(setup.client());
      everything& same = *all;
      auto at_destruction = std::make_shared<hook>([&] { is_destroyed = true; });
      same.other.emplace(same.redis, cache_options{.name = "other", .policy = setup.policy},
                         [&, at_destruction](std::string_view key) {
                           all.reset();
                           return std::string{key};
                         });
      at_destruction.reset();
      same.values.emplace(same.redis, cache_options{.name = "values", .policy = setup.policy},
                          [&](std::string_view key) {
                            hooked_value value{std::string{key}, std::make_shared<hook>(nullptr)};
                            if (key == "last") {
                              value.held->at_end = [&] {
                                if (round % 2 == 0) all.reset();
                                if (round % 2 == 1) {
                                  EXPECT_EQ(all->other->get("x"), "x");
                                }
                                is_dropped = true;
                              };
                            }
                            return value;
                          });
      static_cast<void>(same.values->get("first"));
      same.values->refresh("last");
      EXPECT_TRUE(eventually([&] { return is_dropped && is_destroyed; }));
    });
  }
}

}  // namespace
}  // namespace drover::test::callback_test
