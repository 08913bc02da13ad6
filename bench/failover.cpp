// SPDX-License-Identifier: MIT
// Measures what a failover costs the callers of a cache, on a real group of a primary, two replicas
// and three sentinels. The primary is killed or frozen while the callers of several clients ask,
// one client for each process of a service. Pollers of their own see when a replica has become the
// primary, and when the first sentinel names it.
//
//   ./run bench failover [--tiny] [--tls]
#include <drover/cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/sentinels.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using drover::event_kind;

struct shape {
  unsigned clients = 4;
  unsigned threads = 4;  // of each client
  unsigned keys = 100;
  unsigned rounds = 5;  // of each kind of failure
  std::chrono::milliseconds load{10};
  std::chrono::milliseconds think{2};
  std::chrono::milliseconds new_key_every{50};
  std::chrono::milliseconds down_after{500};
  std::chrono::milliseconds settled{1500};  // what is watched after the last bypassed call
  bool tls = false;
};

/// The loads of each key, under a lease and bypassed, and how many ran at once in one client.
class load_counts {
 public:
  struct of_key {
    unsigned leased = 0;
    unsigned bypassed = 0;
  };
  void add(std::string_view key, bool is_bypass) {
    const std::lock_guard lock{mutex_};
    of_key& counted = keys_[std::string{key}];
    ++(is_bypass ? counted.bypassed : counted.leased);
  }
  void restart() {
    const std::lock_guard lock{mutex_};
    keys_.clear();
  }
  [[nodiscard]] std::map<std::string, of_key> taken() {
    const std::lock_guard lock{mutex_};
    return keys_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, of_key> keys_;
};

/// The events of one client. A bypass is reported before its load, perhaps by another thread.
class load_observer : public drover::observer {
 public:
  explicit load_observer(load_counts& into) : into_{into} {}
  void on_event(const drover::event& seen) override {
    const std::lock_guard lock{mutex_};
    if (seen.kind == event_kind::bypass_started) bypassed_.emplace(seen.key);
    if (seen.kind == event_kind::load_started) {
      into_.add(seen.key, bypassed_.erase(std::string{seen.key}) > 0);
    }
  }

 private:
  load_counts& into_;
  std::mutex mutex_;
  std::set<std::string> bypassed_;  // keys whose next load is bypassed
};

/// One process of the service.
class service {
 public:
  service(const shape& with, const drover::test::sentinel_group& group, load_counts& counts)
      : redis_{options(group, counts)},
        values_{redis_,
                {.name = "t", .policy = {.ttl = 1h}},
                [this, load = with.load](std::string_view key) { return slowly(key, load); }} {}

  [[nodiscard]] drover::served ask(const std::string& key) { return values_.fetch(key).how; }
  /// The most loads of one key that ran at once.
  [[nodiscard]] unsigned at_once() const { return at_once_; }

 private:
  static drover::client_options options(const drover::test::sentinel_group& group,
                                        load_counts& counts) {
    drover::client_options out{.url = group.url()};
    if (out.url.starts_with("rediss")) out.tls.ca.text = group.ca.certificate();
    out.event_observer = std::make_shared<load_observer>(counts);
    return out;
  }
  std::string slowly(std::string_view key, std::chrono::milliseconds load) {
    const std::string name{key};
    {
      const std::lock_guard lock{mutex_};
      at_once_ = std::max(at_once_.load(), ++running_[name]);
    }
    std::this_thread::sleep_for(load);
    const std::lock_guard lock{mutex_};
    --running_[name];
    return name;
  }

  std::mutex mutex_;
  std::map<std::string, unsigned> running_;
  std::atomic<unsigned> at_once_{0};
  drover::client redis_;
  drover::cache<std::string> values_;
};

/// Callers that ask for keys of before and for one new key after the other, and the time at which
/// the last call began that was bypassed.
class callers {
 public:
  callers(const shape& with, std::vector<std::unique_ptr<service>>& services) {
    for (unsigned s = 0; s < services.size(); ++s) {
      for (unsigned t = 0; t < with.threads; ++t) {
        threads_.emplace_back([this, with, s, t, &on = *services[s]] {
          for (unsigned n = s * 31 + t * 7; !over_; ++n) {
            const auto begun = clock_type::now();
            const auto fresh = (begun - from_) / with.new_key_every;
            const std::string key =
                n % 2 == 0 ? "k" + std::to_string(n / 2 % with.keys) : "n" + std::to_string(fresh);
            if (on.ask(key) == drover::served::bypassed) note(begun);
            std::this_thread::sleep_for(with.think);
          }
        });
      }
    }
  }
  ~callers() { end(); }
  callers(const callers&) = delete;
  callers& operator=(const callers&) = delete;

  void end() {
    over_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  [[nodiscard]] clock_type::time_point last_bypass() const { return last_; }

 private:
  void note(clock_type::time_point begun) {
    auto known = last_.load();
    while (known < begun && !last_.compare_exchange_weak(known, begun)) {
    }
  }

  const clock_type::time_point from_ = clock_type::now();
  std::atomic<bool> over_{false};
  std::atomic<clock_type::time_point> last_{clock_type::time_point::min()};
  std::vector<std::thread> threads_;
};

/// The time at which a condition is true for the first time, seen by a thread of its own.
class poller {
 public:
  explicit poller(std::function<bool()> holds)
      : thread_{[this, holds = std::move(holds)](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            try {
              if (holds()) {
                seen_ = clock_type::now();
                return;
              }
            } catch (const std::runtime_error&) {
              // It does not answer now.
            }
            std::this_thread::sleep_for(2ms);
          }
        }} {}
  [[nodiscard]] clock_type::time_point seen() const { return seen_; }

 private:
  std::atomic<clock_type::time_point> seen_{clock_type::time_point::max()};
  std::jthread thread_;
};

struct figures {
  double servers_ms = 0;   // until a replica is the primary
  double named_ms = 0;     // until a sentinel names it
  double bypassed_ms = 0;  // until the last bypassed call began
  unsigned leased_max = 0;
  unsigned bypassed_max = 0;
  unsigned at_once = 0;
};

double ms(clock_type::duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

void await(const std::function<bool()>& holds) {
  const auto end = clock_type::now() + 60s;
  while (!holds()) {
    if (clock_type::now() > end) throw std::runtime_error{"the failover did not end in a minute"};
    std::this_thread::sleep_for(5ms);
  }
}

figures measure(const shape& with, bool is_frozen) {
  drover::test::sentinel_group group{{.tls = with.tls, .down_after = with.down_after}};
  load_counts counts;
  std::vector<std::unique_ptr<service>> services;
  for (unsigned s = 0; s < with.clients; ++s) {
    services.push_back(std::make_unique<service>(with, group, counts));
  }
  for (unsigned k = 0; k < with.keys; ++k) {
    await([&] { return services[0]->ask("k" + std::to_string(k)) == drover::served::fresh; });
  }
  for (auto& one : services) {
    await([&] { return one->ask("k0") == drover::served::fresh; });
  }
  callers asking{with, services};
  std::this_thread::sleep_for(500ms);
  counts.restart();
  const std::uint16_t former = group.port_of(*group.servers[0]);
  const auto is_primary = [&](std::size_t i) {
    const auto role = group.servers[i]->command({"ROLE"});
    return role.root().size() > 0 && role.root()[0].text() == "master";
  };
  const auto is_named = [&](std::size_t i) {
    const auto named =
        group.sentinels[i]->connect().command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"});
    return named.root().size() == 2 && named.root()[1].text() != std::to_string(former);
  };
  const auto begun = clock_type::now();
  is_frozen ? group.servers[0]->pause() : group.servers[0]->kill9();
  const poller first{[&] { return is_primary(1); }};
  const poller second{[&] { return is_primary(2); }};
  const poller named0{[&] { return is_named(0); }};
  const poller named1{[&] { return is_named(1); }};
  const poller named2{[&] { return is_named(2); }};
  const auto servers = [&] { return std::min(first.seen(), second.seen()); };
  const auto named = [&] { return std::min({named0.seen(), named1.seen(), named2.seen()}); };
  await([&] { return named() != clock_type::time_point::max(); });
  await([&] { return clock_type::now() > std::max(named(), asking.last_bypass()) + with.settled; });
  asking.end();
  group.servers[0]->resume();
  figures out{.servers_ms = ms(servers() - begun),
              .named_ms = ms(named() - begun),
              .bypassed_ms = ms(asking.last_bypass() - begun)};
  for (const auto& [key, counted] : counts.taken()) {
    out.leased_max = std::max(out.leased_max, counted.leased);
    out.bypassed_max = std::max(out.bypassed_max, counted.bypassed);
  }
  for (const auto& one : services) out.at_once = std::max(out.at_once, one->at_once());
  return out;
}

}  // namespace

int main(int count, char** words) {
  shape with;
  for (int i = 1; i < count; ++i) {
    if (std::string_view{words[i]} == "--tls") with.tls = true;
    if (std::string_view{words[i]} != "--tiny") continue;
    with.rounds = 1;
    with.clients = 2;
    with.settled = 200ms;
  }
  std::printf(
      "%u clients of %u threads, loads of %lld ms, down-after %lld ms%s. Times in ms after "
      "the failure.\n",
      with.clients, with.threads, static_cast<long long>(with.load.count()),
      static_cast<long long>(with.down_after.count()), with.tls ? ", TLS" : "");
  std::printf(
      "primary  new primary  sentinel names it  last bypass  excess  loads under a lease  "
      "bypassed loads  at once\n");
  for (const bool is_frozen : {false, true}) {
    for (unsigned round = 0; round < with.rounds; ++round) {
      const figures got = measure(with, is_frozen);
      std::printf("%-8s %11.0f %18.0f %12.0f %7.0f %20u %15u %8u\n",
                  is_frozen ? "frozen" : "killed", got.servers_ms, got.named_ms, got.bypassed_ms,
                  got.bypassed_ms - got.servers_ms, got.leased_max, got.bypassed_max, got.at_once);
      std::fflush(stdout);
    }
  }
}
