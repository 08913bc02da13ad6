// SPDX-License-Identifier: MIT
// The processes of one round: a private server, the fault proxy, and the workers. Every other
// worker is behind the proxy.
//
// Threads: one, which lives as long as the world: the processes end with it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "campaign/fault_table.hpp"
#include "campaign/origin_table.hpp"
#include "campaign/record_file.hpp"
#include "campaign/worker_plan.hpp"
#include "fault/proxy/fault_proxy.hpp"
#include "history/record.hpp"
#include "support/redis_server.hpp"

namespace drover::campaign {

struct world_settings {
  std::string program{};  ///< drover-campaign
  std::uint32_t processes = 8;
  std::uint64_t seed = 1;
  /// The plan of every worker, except for what the world sets.
  worker_plan plan{};
  /// The first workers use this client.
  client_kind broken_client = client_kind::drover;
  std::uint32_t broken_processes = 0;
  std::string proxy_script{};  ///< empty: no worker is behind the proxy
  bool all_behind_proxy = false;
  std::uint32_t loads_at_once_max = 0;
  std::uint32_t load_us = 0;
};

class campaign_world {
 public:
  explicit campaign_world(const world_settings& with);
  ~campaign_world();
  campaign_world(const campaign_world&) = delete;
  campaign_world& operator=(const campaign_world&) = delete;

  [[nodiscard]] test::redis_server& server() noexcept { return server_; }
  [[nodiscard]] origin_table::contents& table() const noexcept { return origin_->data(); }
  [[nodiscard]] origin_table& origin() const noexcept { return *origin_; }
  [[nodiscard]] std::uint32_t processes() const noexcept { return with_.processes; }
  /// The file from which the server restores its data.
  [[nodiscard]] std::filesystem::path snapshot() const;

  void signal_worker(std::uint32_t number, int signal) const;
  /// The number of the process that runs as this worker now.
  [[nodiscard]] std::uint32_t process_of(std::uint32_t number) const;
  /// Kills the worker and starts another one in its place.
  void replace_worker(std::uint32_t number);

  /// Begins a fault. The reference is valid until `end_fault`.
  [[nodiscard]] std::size_t begin_fault(fault kind, std::uint32_t process = history::everyone);
  void end_fault(std::size_t number);

  void set_phase(phase to) const { table().phase = to; }
  /// Waits for the workers to end. Those that do not are killed and count as hung.
  void finish();
  /// All records. To be called after `finish`.
  [[nodiscard]] std::vector<history::record> records() const;

 private:
  struct worker {
    pid_t pid = 0;
    worker_plan plan;
    std::uint64_t began_ns = 0;
  };

  void start_proxy();
  void start_worker(std::uint32_t number);
  void wait_until_ready() const;
  void end_worker(worker& one, history::outcome how);
  void add_injection(const faults::injection& event);

  world_settings with_;
  std::filesystem::path folder_;
  test::redis_server server_;
  std::unique_ptr<origin_table> origin_;
  std::unique_ptr<faults::fault_proxy> proxy_;
  std::string proxy_url_;
  std::uint32_t started_ = 0;
  std::vector<worker> workers_;
  std::vector<std::string> record_paths_;
  std::vector<history::record> own_records_;
  std::mutex injections_mutex_;
  std::vector<history::record> injections_;
};

}  // namespace drover::campaign
