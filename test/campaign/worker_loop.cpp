// SPDX-License-Identifier: MIT
#include "campaign/worker_loop.hpp"

#include <chrono>
#include <mutex>
#include <random>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "campaign/tested_client.hpp"

namespace drover::campaign {

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

/// Requests stops at times.
class stop_timer {
 public:
  stop_timer() : thread_{[this](const std::stop_token& end) { run(end); }} {}

  [[nodiscard]] std::stop_token after(std::chrono::milliseconds time) {
    std::stop_source source;
    const std::scoped_lock lock{mutex_};
    due_.emplace_back(steady::now() + time, source);
    return source.get_token();
  }

 private:
  void run(const std::stop_token& end) {
    while (!end.stop_requested()) {
      std::this_thread::sleep_for(1ms);
      std::vector<std::stop_source> now;
      {
        const std::scoped_lock lock{mutex_};
        std::erase_if(due_, [&](const auto& one) {
          if (one.first > steady::now()) return false;
          now.push_back(one.second);
          return true;
        });
      }
      for (std::stop_source& source : now) source.request_stop();
    }
  }

  std::mutex mutex_;
  std::vector<std::pair<steady::time_point, std::stop_source>> due_;
  std::jthread thread_;
};

class worker_thread {
 public:
  worker_thread(const worker_plan& plan, recorded_origin& origin, tested_client& client,
                stop_timer& stops, std::uint32_t number)
      : plan_{plan},
        origin_{origin},
        client_{client},
        stops_{stops},
        random_{plan.seed * 1'000'003 + plan.process * 101 + number} {}

  void run() {
    while (origin_.table().phase == phase::running) {
      if (origin_.records().is_full()) {
        std::this_thread::sleep_for(10ms);
        continue;
      }
      one_operation();
      if (plan_.pause_us != 0)
        std::this_thread::sleep_for(std::chrono::microseconds{draw(plan_.pause_us)});
    }
    // A full file must not keep the last reads out.
    while (origin_.table().phase == phase::settling) {
      const std::uint32_t number = draw(plan_.keys);
      for (std::uint32_t cache = 0; cache < cache_count; ++cache)
        recorded_get(client_, origin_, history::key_of(cache, number));
      std::this_thread::sleep_for(2ms);
    }
  }

 private:
  std::uint32_t draw(std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>{0, below - 1}(random_);
  }
  /// A few keys get most of the operations.
  std::uint32_t draw_key() {
    const double unit = std::uniform_real_distribution<double>{0, 1}(random_);
    const auto number = static_cast<std::uint32_t>(plan_.keys * unit * unit * unit);
    return history::key_of(draw(3) == 0 ? 1 : 0, std::min(number, plan_.keys - 1));
  }

  void one_operation() {
    const std::uint32_t key = draw_key();
    const std::uint32_t luck = draw(1000);
    if (luck < plan_.changes_per_mille) {
      change(key);
    } else if (plan_.is_calm) {
      recorded_get(client_, origin_, key);
    } else if (luck < plan_.changes_per_mille + 3) {
      expire(key);
    } else if (luck < plan_.changes_per_mille + 6) {
      client_.refresh(key);
    } else if (luck < plan_.changes_per_mille + 26) {
      peek(key);
    } else if (luck > 900) {
      const std::uint32_t limit_ms = 1 + draw(200);
      recorded_get(client_, origin_, key, call_options::within(duration{limit_ms}), limit_ms);
    } else if (luck > 860) {
      recorded_get(client_, origin_, key, {.stop = stops_.after(1ms * draw(100))});
    } else {
      recorded_get(client_, origin_, key);
    }
  }

  void change(std::uint32_t key) {
    const std::uint32_t version = origin_.write(key);
    history::record fields;
    fields.action = history::action::invalidate;
    fields.key = key;
    fields.version = version;
    history::record* const begun = origin_.records().begin(fields);
    const bool done = client_.invalidate(key);
    record_file::end(begun, done ? history::outcome::done : history::outcome::unknown);
    recorded_get(client_, origin_, key);
  }

  void expire(std::uint32_t key) {
    history::record fields;
    fields.action = history::action::expire;
    fields.key = key;
    history::record* const begun = origin_.records().begin(fields);
    const bool done = client_.expire(key);
    record_file::end(begun, done ? history::outcome::done : history::outcome::unknown);
  }

  // A peek does not say how old its value is, so it may be as old as a stale one.
  void peek(std::uint32_t key) {
    history::record fields;
    fields.action = history::action::get;
    fields.key = key;
    history::record* const begun = origin_.records().begin(fields);
    std::string value = client_.peek(key);
    const auto how = value.empty() ? history::outcome::refused : history::outcome::stale;
    end_read(origin_, begun, {how, std::move(value)});
  }

  const worker_plan& plan_;
  recorded_origin& origin_;
  tested_client& client_;
  stop_timer& stops_;
  std::mt19937_64 random_;
};

}  // namespace

int run_worker(const worker_plan& plan) {
  recorded_origin origin{plan};
  const std::unique_ptr<tested_client> client = make_client(plan, origin);
  stop_timer stops;
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < plan.threads; ++i) {
    threads.emplace_back([&, i] { worker_thread{plan, origin, *client, stops, i}.run(); });
  }
  ++origin.table().workers_ready;
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace drover::campaign
