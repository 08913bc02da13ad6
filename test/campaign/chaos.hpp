// SPDX-License-Identifier: MIT
// Causes faults in a campaign world: storms of all kinds, and between them gentle times with only
// those that end no lease, so that the leases of those times can be judged.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include "campaign/campaign_world.hpp"

namespace drover::campaign {

class chaos {
 public:
  chaos(campaign_world& world, std::uint64_t seed) : world_{world}, random_{seed} {}

  /// Returns when the time is over, or `is_interrupted`, and all faults have ended.
  void run(std::chrono::seconds time, const std::atomic<bool>* is_interrupted);

 private:
  using milliseconds = std::chrono::milliseconds;

  [[nodiscard]] std::uint32_t draw(std::uint32_t below);
  [[nodiscard]] milliseconds draw_ms(std::uint32_t low, std::uint32_t high);
  [[nodiscard]] fault next(bool is_storm);
  void cause(fault kind);

  void kill_server(bool restores);
  void stop_server();
  void kill_clients();
  void limit_memory(fault kind);
  void make_replica();
  void stop_workers();
  void kill_worker();
  void pause_clients();
  void deny_scripts();
  void send(fault kind, std::initializer_list<std::string_view> command);
  void send_quietly(std::initializer_list<std::string_view> command);

  campaign_world& world_;
  std::mt19937_64 random_;
  std::vector<fault> harsh_;  ///< in random order, each kind once
  std::vector<fault> gentle_;
};

}  // namespace drover::campaign
