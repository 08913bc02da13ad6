// SPDX-License-Identifier: MIT
// Measures the cost of a deadline: the same cold keys with and without `within(10 x load)`, in
// turn. Loads of calls that may leave run on another thread; the throughput should be the same.
//
//   ./run bench deadlines [--tiny]
#include <drover/cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/redis_server.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct shape {
  unsigned threads = 64;
  unsigned keys_each = 20;
  std::chrono::milliseconds load{20};
  int rounds = 11;
};

struct run_result {
  double per_second = 0;
  unsigned refused = 0;
};

run_result run(drover::cache<std::string>& cached, const shape& with, const std::string& prefix,
               bool is_limited) {
  std::atomic<unsigned> refused{0};
  const auto from = clock_type::now();
  std::vector<std::thread> callers;
  for (unsigned i = 0; i < with.threads; ++i) {
    callers.emplace_back([&, i] {
      for (unsigned k = 0; k < with.keys_each; ++k) {
        const std::string key = prefix + std::to_string(i) + "-" + std::to_string(k);
        try {
          const drover::call_options limits =
              is_limited ? drover::call_options::within(10 * with.load) : drover::call_options{};
          static_cast<void>(cached.get(key, limits));
        } catch (const drover::refused&) {
          ++refused;
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  const std::chrono::duration<double> took = clock_type::now() - from;
  return {with.threads * with.keys_each / took.count(), refused};
}

}  // namespace

int main(int count, char** values) {
  shape with;
  for (int i = 1; i < count; ++i) {
    if (std::string_view{values[i]} != "--tiny") {
      std::fprintf(stderr, "bench deadlines: unknown argument: %s\nusage: [--tiny]\n", values[i]);
      return 2;
    }
    with = {.threads = 8, .keys_each = 2, .load = 5ms, .rounds = 1};
  }
  const drover::test::redis_server server{{.tcp = true, .arguments = {}}};
  const drover::client redis{server.tcp_url()};
  drover::cache<std::string> cached{
      redis, {.name = "bench", .policy = {.ttl = 60s}}, [&](std::string_view key) {
        std::this_thread::sleep_for(with.load);
        return std::string{key};
      }};
  std::printf("%u callers, %u cold keys each, loads of %lld ms\n", with.threads, with.keys_each,
              static_cast<long long>(with.load.count()));
  std::vector<double> ratios;
  unsigned refused = 0;
  for (int round = 0; round < with.rounds; ++round) {
    const std::string name = "round " + std::to_string(round) + " ";
    const run_result without = run(cached, with, name + "free ", false);
    const run_result limited = run(cached, with, name + "limited ", true);
    refused += limited.refused;
    ratios.push_back(limited.per_second / without.per_second);
    std::printf("round %2d: %7.0f loads/s without limits, %7.0f with, ratio %.2f\n", round,
                without.per_second, limited.per_second, ratios.back());
  }
  std::sort(ratios.begin(), ratios.end());
  std::printf("ratio: median %.2f [%.2f-%.2f], %u calls refused\n", ratios[ratios.size() / 2],
              ratios.front(), ratios.back(), refused);
}
