// SPDX-License-Identifier: MIT
// Processes that read, write and invalidate the same keys of a cluster while it changes. Their
// operations are recorded, and checked when they have ended.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cluster/key_slot.hpp"
#include "integration/fleet.hpp"
#include "support/cluster_servers.hpp"
#include "support/history.hpp"

namespace drover::test {

/// A failover or a change of the cluster takes seconds, more on a busy machine.
inline constexpr std::chrono::seconds cluster_guard{60};

class mixed_cluster : public fleet {
 protected:
  static constexpr unsigned processes = 3;
  static constexpr unsigned keys = 12;

  explicit mixed_cluster(cluster_servers::options with) : group{std::move(with)} {
    ::alarm(is_sanitized ? 580 : 280);
    setup.url = group.url();
    setup.policy.failure_pause_max = 0ms;
  }

  /// The key of the mixture with this number, and its slot.
  [[nodiscard]] static std::string mixed_key(unsigned number) {
    return "key" + std::to_string(number);
  }
  [[nodiscard]] std::uint16_t slot_of_key(std::string_view key) const {
    return cluster::slot_of(value_key(key));
  }

  void begin_mixing(std::uint64_t run_ms) {
    const std::uint64_t seed = std::random_device{}();
    if (workers.empty()) workers = start_workers(processes);
    for (unsigned i = 0; i < processes; ++i) {
      paths.push_back(origin.path() + ".history" + std::to_string(i));
      workers[i]->send("mix " + std::to_string(seed + i) + ' ' + std::to_string(run_ms) + ' ' +
                       std::to_string(keys) + " 4 " + paths.back());
    }
  }
  /// True when callers have made progress since this call.
  [[nodiscard]] bool goes_on() {
    const std::uint64_t before = origin.loads();
    return eventually([&] { return origin.loads() >= before + 5; }, cluster_guard);
  }
  /// Waits until the workers have mixed.
  [[nodiscard]] verdict end_mixing(lost_time lost = {}) {
    std::vector<std::vector<operation>> all;
    for (const auto& one : workers) EXPECT_EQ(one->read_line(), "mixed");
    for (const std::string& path : std::exchange(paths, {})) {
      all.push_back(read_history(path));
      std::filesystem::remove(path);
    }
    return judge(all, lost);
  }
  void end_workers() {
    for (const auto& one : workers) EXPECT_EQ(one->quit(), 0);
  }
  static void expect_no_violation(const verdict& checked) {
    for (const std::string& violation : checked.violations) ADD_FAILURE() << violation;
    std::printf("%llu gets, %llu invalidations (%llu unknown), %llu overlaps, %llu bypassed\n",
                static_cast<unsigned long long>(checked.gets),
                static_cast<unsigned long long>(checked.invalidations),
                static_cast<unsigned long long>(checked.unknown),
                static_cast<unsigned long long>(checked.overlaps),
                static_cast<unsigned long long>(checked.bypassed));
    EXPECT_GT(checked.invalidations, 20U);
    EXPECT_GT(checked.overlaps, 0U) << "a run without overlaps shows nothing";
  }

  cluster_servers group;
  std::vector<std::unique_ptr<worker>> workers;
  std::vector<std::string> paths;
};

}  // namespace drover::test
