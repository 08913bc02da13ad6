// SPDX-License-Identifier: MIT
// Random commands to the load scheduler and to a simple model that searches everything each time:
// both must return the same.
#include "fetch/load_scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/random.hpp"

namespace drover::fetch::load_scheduler_model_test {
namespace {

using scheduler = load_scheduler<std::string>;
using verdict = scheduler::verdict;
using std::chrono::seconds;

constexpr steady_time start{seconds{1000}};
constexpr std::array<char, 3> caches{};

struct plain_scheduler {
  struct job {
    const void* owner;
    std::string name;
  };
  struct thread {
    bool idle = false;
    steady_time since{};
    std::size_t idle_turn = 0;
    std::string next{};
  };

  unsigned threads_max;
  std::size_t queue_max;
  std::map<std::size_t, thread> threads{};
  std::deque<job> queue{};
  std::deque<const void*> ring{};
  std::size_t turns = 0;

  thread* newest_idle() {
    thread* newest = nullptr;
    for (auto& [number, candidate] : threads) {
      if (candidate.idle && (newest == nullptr || candidate.idle_turn > newest->idle_turn))
        newest = &candidate;
    }
    return newest;
  }
  verdict submit_if_free(const std::string& name) {
    if (thread* const newest = newest_idle()) {
      newest->idle = false;
      newest->next = name;
      return verdict::run_on_idle;
    }
    return threads.size() < threads_max ? verdict::start_thread : verdict::refused;
  }
  bool queue_behind(const void* owner, const std::string& name) {
    if (threads.empty() || queue.size() >= queue_max) return false;
    queue.push_back({owner, name});
    if (std::find(ring.begin(), ring.end(), owner) == ring.end()) ring.push_back(owner);
    return true;
  }
  std::optional<std::string> take(std::size_t number, steady_time now) {
    thread& by = threads.at(number);
    if (!by.next.empty()) return std::exchange(by.next, "");
    if (by.idle) return std::nullopt;
    if (ring.empty()) {
      by = {.idle = true, .since = now, .idle_turn = ++turns};
      return std::nullopt;
    }
    const void* const owner = ring.front();
    ring.pop_front();
    const auto of_owner = [&](const job& queued) { return queued.owner == owner; };
    const auto at = std::find_if(queue.begin(), queue.end(), of_owner);
    std::string name = at->name;
    queue.erase(at);
    if (std::any_of(queue.begin(), queue.end(), of_owner)) ring.push_back(owner);
    return name;
  }
  std::list<std::string> cancel(const void* owner) {
    std::list<std::string> out;
    for (const job& queued : queue) {
      if (queued.owner == owner) out.push_back(queued.name);
    }
    std::erase_if(queue, [&](const job& queued) { return queued.owner == owner; });
    std::erase(ring, owner);
    return out;
  }
};

class both {
 public:
  explicit both(std::uint64_t seed)
      : draws_{seed},
        threads_max_{static_cast<unsigned>(draws_.next() % 4)},
        queue_max_{draws_.next() % 6},
        real_{threads_max_, queue_max_},
        plain_{threads_max_, queue_max_} {}

  void step() {
    now_ += microseconds{draws_.next() % 3'000'000};
    const std::uint64_t kind = draws_.next() % 10;
    if (kind < 3) {
      submit(true);
    } else if (kind < 4) {
      submit(false);
    } else if (kind < 8) {
      with_some_thread([&](std::size_t number, scheduler::worker& by) {
        EXPECT_EQ(real_.take(by, now_), plain_.take(number, now_));
      });
    } else if (kind < 9) {
      end_one();
    } else {
      const void* const owner = draw_owner();
      EXPECT_EQ(real_.cancel(owner), plain_.cancel(owner));
    }
    EXPECT_EQ(real_.threads(), plain_.threads.size());
    EXPECT_EQ(real_.queued(), plain_.queue.size());
    EXPECT_TRUE(real_.idle() == 0 || real_.queued() == 0);
    EXPECT_TRUE(real_.queued() == 0 || real_.threads() > 0);
  }

 private:
  const void* draw_owner() { return &caches[draws_.next() % caches.size()]; }

  void submit(bool may_queue) {
    const void* const owner = draw_owner();
    const std::string name = "job " + std::to_string(++jobs_);
    std::string job = name;
    const verdict decision =
        may_queue ? real_.submit(owner, job).decision : real_.submit_if_free(job).decision;
    verdict expected = plain_.submit_if_free(name);
    if (may_queue && expected == verdict::refused && plain_.queue_behind(owner, name)) {
      expected = verdict::queued;
    }
    ASSERT_EQ(decision, expected);
    const bool was_taken = decision == verdict::run_on_idle || decision == verdict::queued;
    ASSERT_TRUE(was_taken || job == name) << "a job that was not taken is still the caller's";
    if (decision != verdict::start_thread) return;
    if (draws_.next() % 3 != 0) {
      real_.thread_started(workers_[++born_], std::move(job));
      plain_.threads[born_] = {.next = name};
    } else if (may_queue) {
      EXPECT_EQ(real_.thread_failed(owner, job), plain_.queue_behind(owner, name));
    }
  }

  template <class Use>
  void with_some_thread(const Use& use) {
    if (workers_.empty()) return;
    auto at = workers_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(draws_.next() % workers_.size()));
    use(at->first, at->second);
  }

  void end_one() {
    with_some_thread([&](std::size_t number, scheduler::worker& by) {
      const plain_scheduler::thread& modelled = plain_.threads.at(number);
      const bool may = modelled.idle && now_ - modelled.since >= seconds{4};
      ASSERT_EQ(real_.may_end(by, now_, seconds{4}), may);
      if (!may) return;
      plain_.threads.erase(number);
      workers_.erase(number);
    });
  }

  base::seeded_random draws_;
  unsigned threads_max_;
  std::size_t queue_max_;
  scheduler real_;
  plain_scheduler plain_;
  std::map<std::size_t, scheduler::worker> workers_;
  std::size_t born_ = 0;
  std::size_t jobs_ = 0;
  steady_time now_ = start;
};

TEST(load_scheduler_model, DoesWhatThePlainOneDoesForAllCommands) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    both run{seed};
    for (int i = 0; i < 300 && !HasFailure(); ++i) run.step();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace drover::fetch::load_scheduler_model_test
