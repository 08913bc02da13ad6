// SPDX-License-Identifier: MIT
// A closed loop of several threads: each sends its next request when it has the answer. Several
// systems take turns in each round, so that a disturbance of the machine affects all of them alike.
// Ratios are computed within a round, and their median is reported.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace drover::bench {

using clock = std::chrono::steady_clock;

struct run_result {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  double cpu_us_per_call = 0;  ///< CPU time of this process
};

/// Makes one call for the key with this number.
using one_call = std::function<void(std::uint32_t key)>;
/// Makes the caller of one thread.
using caller_maker = std::function<one_call(unsigned thread)>;

struct contender {
  std::string name;
  caller_maker make;
};

inline double cpu_us() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto us = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return us(used.ru_utime) + us(used.ru_stime);
}

inline double percentile(std::vector<std::uint32_t>& sorted, double part) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(static_cast<double>(sorted.size()) * part);
  return static_cast<double>(sorted[std::min(at, sorted.size() - 1)]) / 1e3;
}

inline run_result run_closed_loop(const contender& system, unsigned threads, std::uint32_t keys,
                                  std::chrono::duration<double> length) {
  std::atomic<bool> stop{false};
  std::barrier ready{static_cast<std::ptrdiff_t>(threads) + 1};
  std::vector<std::vector<std::uint32_t>> took_ns(threads);
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      const one_call call = system.make(i);
      std::uint32_t state = i * 2654435761U + 12345U;
      call(0);  // connects and allocates its buffers
      took_ns[i].reserve(1U << 18U);
      ready.arrive_and_wait();
      while (!stop.load(std::memory_order_relaxed)) {
        state = state * 1664525U + 1013904223U;
        const auto from = clock::now();
        call((state >> 8U) % keys);
        took_ns[i].push_back(static_cast<std::uint32_t>((clock::now() - from).count()));
      }
    });
  }
  ready.arrive_and_wait();
  const double cpu_before = cpu_us();
  const auto from = clock::now();
  std::this_thread::sleep_for(length);
  stop = true;
  for (std::thread& worker : workers) worker.join();
  const double seconds = std::chrono::duration<double>(clock::now() - from).count();
  const double cpu = cpu_us() - cpu_before;
  std::vector<std::uint32_t> all;
  for (const auto& samples : took_ns) all.insert(all.end(), samples.begin(), samples.end());
  std::sort(all.begin(), all.end());
  const auto calls = static_cast<double>(all.size());
  return {calls / seconds, percentile(all, 0.5), percentile(all, 0.99), cpu / calls};
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n == 0 ? 0 : n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/// The median and the range of the ratios of the rounds, such as "1.02 [0.98-1.05]".
inline std::string ratio_text(const std::vector<run_result>& of, const std::vector<run_result>& to,
                              double run_result::*member) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < of.size(); ++i) ratios.push_back(of[i].*member / to[i].*member);
  char text[64];
  std::snprintf(text, sizeof text, "%.2f [%.2f-%.2f]", median(ratios),
                *std::min_element(ratios.begin(), ratios.end()),
                *std::max_element(ratios.begin(), ratios.end()));
  return text;
}

/// Compares the other contenders with the first one.
inline void compare(const std::vector<contender>& contenders, const std::vector<unsigned>& threads,
                    std::uint32_t keys, unsigned rounds, std::chrono::duration<double> length) {
  std::printf("%8s  %-34s %12s %9s %9s %8s   %-18s %s\n", "threads", "", "calls/s", "p50 us",
              "p99 us", "cpu us", "ratio [min-max]", "of cpu [min-max]");
  for (const unsigned count : threads) {
    std::vector<std::vector<run_result>> results(contenders.size());
    for (unsigned round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < contenders.size(); ++i) {
        results[i].push_back(run_closed_loop(contenders[i], count, keys, length));
      }
    }
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const auto column = [&](auto member) {
        std::vector<double> out;
        for (const run_result& result : results[i]) out.push_back(result.*member);
        return out;
      };
      std::printf("%8u  %-34s %12.0f %9.1f %9.1f %8.2f   %-18s %s\n", count,
                  contenders[i].name.c_str(), median(column(&run_result::per_second)),
                  median(column(&run_result::p50_us)), median(column(&run_result::p99_us)),
                  median(column(&run_result::cpu_us_per_call)),
                  ratio_text(results[i], results[0], &run_result::per_second).c_str(),
                  ratio_text(results[i], results[0], &run_result::cpu_us_per_call).c_str());
      std::fflush(stdout);
    }
  }
}

}  // namespace drover::bench
