// SPDX-License-Identifier: MIT
// Makes hot values of a cache cold at random moments, over a connection of its own, so that it
// shows what the application does then; and asks the server at the end what cannot be seen on the
// wire. All that it does it tells the capture.
//
// It deletes values that were loaded into a cache, and nothing else: see `hot_keys`.
#pragma once

#include <drover/result.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "audit/engine/hot_keys.hpp"
#include "audit/proxy/address.hpp"
#include "audit/proxy/cold_plan.hpp"
#include "audit/proxy/live_capture.hpp"
#include "connection/channel.hpp"

namespace drover::audit {

struct probe_settings {
  address server{};
  std::string user{};      ///< of the server; empty: the default one
  std::string password{};  ///< empty: no AUTH
  /// Globs of the keys that may be made cold. Empty: all, but then the server must be on this
  /// machine.
  std::vector<std::string> allowed{};
  cold_plan::pace pace{};
  std::uint64_t seed = 0;
  std::function<void(const std::string& line)> say{};  ///< on a thread of its own
};

class cold_prober {
 public:
  /// Lifetime: `sight` outlives it, and runs whenever this does something.
  cold_prober(probe_settings with, live_capture& sight);
  /// Stops.
  ~cold_prober();
  cold_prober(const cold_prober&) = delete;
  cold_prober& operator=(const cold_prober&) = delete;

  /// The fault: the server cannot be reached, refuses the password, or is not on this machine while
  /// nothing is allowed. Blocks: for seconds at most.
  [[nodiscard]] result<void> start();
  /// The looking thread's: after each record that the engine was fed. Cheap.
  void saw(const record& one, const rule_context& all);
  /// No key is made cold after it. Then asks the server for the rest of keys' time and for its
  /// eviction policy. Before the capture is stopped. Blocks: for seconds at most.
  void stop();

  /// How often a key was made cold. Threads: any.
  [[nodiscard]] std::uint64_t cold_events() const noexcept { return cold_events_.load(); }

  static constexpr std::size_t asked_max = 4096;  ///< keys whose time is asked for
  static constexpr unsigned asked_of_pattern_max = 32;

 private:
  using replies = std::vector<resp::message>;

  void run();
  void make_cold(const hot_key& what);
  void remember(const event& one, const rule_context& all);
  void ask_times();
  void ask_policy();
  [[nodiscard]] result<replies> exchange(std::uint32_t database, const std::string& requests,
                                         std::size_t count);

  probe_settings with_;
  live_capture& sight_;

  // The looking thread's.
  hot_keys hot_;
  moment chosen_at_{};
  std::set<std::pair<std::uint32_t, std::string>, std::less<>> names_;
  std::map<std::uint32_t, unsigned> names_of_pattern_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<hot_key> choice_;
  bool stopping_ = false;

  cold_plan plan_;
  std::map<std::uint32_t, std::unique_ptr<connection::channel>> channels_;  // by database
  bool said_failed_ = false;
  std::atomic<std::uint64_t> cold_events_{0};
  std::thread thread_;
};

}  // namespace drover::audit
