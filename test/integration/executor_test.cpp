// SPDX-License-Identifier: MIT
// Loads for callers with limits in the user's own executor, and failures of that executor.
#include <functional>
#include <mutex>
#include <vector>

#include "integration/gated_loads.hpp"

namespace drover::test::executor_test {
namespace {

using task = std::function<void()>;

/// Keeps tasks until they are run by hand.
class task_list {
 public:
  void add(task added) {
    const std::scoped_lock lock{mutex_};
    tasks_.push_back(std::move(added));
  }
  [[nodiscard]] std::size_t size() {
    const std::scoped_lock lock{mutex_};
    return tasks_.size();
  }
  void run_all() {
    std::vector<task> tasks;
    {
      const std::scoped_lock lock{mutex_};
      tasks.swap(tasks_);
    }
    for (const task& added : tasks) added();
  }

 private:
  std::mutex mutex_;
  std::vector<task> tasks_;
};

class executor : public fleet {
 protected:
  [[nodiscard]] client_options with(std::function<void(task)> runs) const {
    client_options options = setup.client();
    options.executor = std::move(runs);
    return options;
  }
  [[nodiscard]] cache_options options() const { return {.name = "t", .policy = setup.policy}; }
};

TEST_F(executor, RunsTheLoadsOfCallersWithLimitsAndNoOthers) {
  in_child([&] {
    task_list tasks;
    cached_origin cached{origin, options(),
                         with([&](task submitted) { tasks.add(std::move(submitted)); })};
    EXPECT_EQ(cached.ask("free").how, "loaded");
    EXPECT_EQ(tasks.size(), 0U);
    crowd caller{1, [&](unsigned) { return cached.ask("a", in_good_time()); }};
    caller.go();
    ASSERT_TRUE(eventually([&] { return tasks.size() == 1; }));
    EXPECT_EQ(origin.loads("a"), 0U);
    tasks.run_all();
    EXPECT_EQ(caller.result().count("loaded"), 1U);
    EXPECT_EQ(origin.loads("a"), 1U);
  });
}

TEST_F(executor, MayRunTheLoadAtOnce) {
  in_child([&] {
    int tasks = 0;
    cached_origin cached{origin, options(), with([&](const task& submitted) {
                           ++tasks;
                           submitted();
                         })};
    EXPECT_EQ(cached.ask("a", in_good_time()).how, "loaded");
    EXPECT_EQ(tasks, 1);
  });
}

TEST_F(executor, ThatThrowsOrDropsTheTaskCostsTheCallAndNobodyElse) {
  for (const bool throws : {true, false}) {
    in_child([&] {
      cached_origin cached{origin, options(), with([&](const task&) {
                             if (throws) throw std::runtime_error{"no thread"};
                           })};
      cached_origin elsewhere{origin, setup};
      const std::string key = throws ? "a" : "c";
      const std::string other_key = throws ? "b" : "d";
      const std::string how = cached.ask(key, call_options::within(200ms)).how;
      EXPECT_EQ(how.substr(0, 7), "refused");
      EXPECT_EQ(origin.loads(key), 0U);
      EXPECT_EQ(cached.ask(key).value, "0:" + key) << "the key is free again";
      EXPECT_EQ(cached.ask(other_key, call_options::within(200ms)).how.substr(0, 7), "refused");
      EXPECT_EQ(elsewhere.ask(other_key).value, "0:" + other_key) << "in other processes, too";
    });
  }
}

// The call has no deadline at which it could end, and the load could last for an hour.
TEST_F(executor, ThatDropsTheTaskRefusesACallWithAStopTokenAtOnce) {
  setup.policy.load_max = 1h;
  in_child([&] {
    cached_origin cached{origin, options(), with([](const task&) {})};
    cached_origin elsewhere{origin, setup};
    const std::stop_source never;
    EXPECT_EQ(cached.ask("a", {.stop = never.get_token()}).how, "refused:saturated");
    EXPECT_EQ(elsewhere.ask("a").value, "0:a") << "the key is free again";
  });
}

TEST_F(executor, MayRunATaskWhenTheCacheIsGone) {
  in_child([&] {
    task_list tasks;
    {
      cached_origin cached{origin, options(),
                           with([&](task submitted) { tasks.add(std::move(submitted)); })};
      std::stop_source stop;
      crowd caller{1, [&](unsigned) { return cached.ask("a", {.stop = stop.get_token()}); }};
      caller.go();
      EXPECT_TRUE(eventually([&] { return tasks.size() == 1; }));
      stop.request_stop();
      EXPECT_EQ(caller.result().count("refused:stopped"), 1U);
    }
    tasks.run_all();
    EXPECT_EQ(origin.loads("a"), 0U);
  });
}

}  // namespace
}  // namespace drover::test::executor_test
