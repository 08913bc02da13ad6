// SPDX-License-Identifier: MIT
// Measures how soon a process reaches its former goodput after Redis was away. Callers ask for hot
// keys, Redis is killed and returns empty, and the time after its first PONG is divided into
// slices.
//
//   ./run bench recovery [--tiny]
#include <drover/cache.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/redis_server.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t slices = 40;
constexpr std::chrono::milliseconds slice{100};

struct shape {
  unsigned threads = 16;
  unsigned keys = 200;
  std::chrono::milliseconds load{20};
  std::chrono::milliseconds think{1};
  std::vector<std::chrono::milliseconds> outages{100ms, 300ms, 1000ms, 3000ms, 10'000ms, 30'000ms};
};

/// Fresh answers by slice of time, from a start time on.
class goodput {
 public:
  void restart() {
    for (auto& count : counts_) count = 0;
    from_ = clock_type::now();
  }
  void add() {
    const auto at = (clock_type::now() - from_.load()) / slice;
    if (at >= 0 && static_cast<std::size_t>(at) < slices) ++counts_[static_cast<std::size_t>(at)];
  }
  [[nodiscard]] std::uint64_t in(std::size_t at) const { return counts_[at]; }

 private:
  std::atomic<clock_type::time_point> from_{clock_type::now()};
  std::array<std::atomic<std::uint64_t>, slices> counts_{};
};

double median_of_all(const goodput& measured) {
  std::vector<std::uint64_t> counts;
  for (std::size_t i = 0; i < slices; ++i) counts.push_back(measured.in(i));
  std::sort(counts.begin(), counts.end());
  return static_cast<double>(counts[slices / 2]);
}

/// The time of the first of three slices in a row that reach 95 % of the former goodput.
int recovered_after_ms(const goodput& measured, double before) {
  for (std::size_t i = 0; i + 3 <= slices; ++i) {
    const auto reaches = [&](std::size_t at) {
      return static_cast<double>(measured.in(at)) >= 0.95 * before;
    };
    if (reaches(i) && reaches(i + 1) && reaches(i + 2)) {
      return static_cast<int>(i * slice.count());
    }
  }
  return -1;
}

}  // namespace

int main(int count, char** values) {
  shape with;
  for (int i = 1; i < count; ++i) {
    if (std::string_view{values[i]} != "--tiny") {
      std::fprintf(stderr, "bench recovery: unknown argument: %s\nusage: [--tiny]\n", values[i]);
      return 2;
    }
    with.threads = 2;
    with.keys = 10;
    with.outages = {100ms};
  }
  drover::test::redis_server server{{.tcp = true, .arguments = {}}};
  const drover::client redis{server.tcp_url()};
  drover::cache<std::string> cached{
      redis, {.name = "bench", .policy = {.ttl = 600s}}, [&](std::string_view key) {
        std::this_thread::sleep_for(with.load);
        return std::string{key};
      }};
  goodput measured;
  std::atomic<bool> stop{false};
  std::vector<std::thread> callers;
  for (unsigned i = 0; i < with.threads; ++i) {
    callers.emplace_back([&, i] {
      // Random keys, so that callers that waited for the same load do not stay in step.
      for (std::uint32_t k = i * 2654435761U + 12345U; !stop; k = k * 1664525U + 1013904223U) {
        if (cached.fetch(std::to_string((k >> 8U) % with.keys)).how == drover::served::fresh)
          measured.add();
        std::this_thread::sleep_for(with.think);
      }
    });
  }
  std::printf("%u callers, %u hot keys, loads of %lld ms; goodput counts fresh answers\n",
              with.threads, with.keys, static_cast<long long>(with.load.count()));
  for (const auto outage : with.outages) {
    std::this_thread::sleep_for(1s);
    measured.restart();
    std::this_thread::sleep_for(slices * slice);
    const double before = median_of_all(measured);
    server.kill9();
    std::this_thread::sleep_for(outage);
    server.restart();  // returns with the first PONG
    measured.restart();
    std::this_thread::sleep_for(slices * slice);
    const int after = recovered_after_ms(measured, before);
    std::printf(
        "outage %5.1f s: %6.0f fresh answers/s before, 95 %% of it %s%d ms after the PONG\n",
        static_cast<double>(outage.count()) / 1000,
        before * 1000 / static_cast<double>(slice.count()), after < 0 ? "not within " : "",
        after < 0 ? static_cast<int>(slices * slice.count()) : after);
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
}
