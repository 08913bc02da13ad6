// SPDX-License-Identifier: MIT
// Deletes hot values of a cache at random moments, on a connection of its own, to show how the
// application loads them again. At the end it asks the server for facts that the traffic does not
// show. It reports all its actions to the capture.
//
// It deletes only values that were loaded into a cache: see `hot_keys`.
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
  /// nullptr: without TLS.
  std::shared_ptr<connection::tls_context> tls{};
  /// Empty: the default user.
  std::string user{};
  /// Empty: no AUTH.
  std::string password{};
  /// Globs of the keys that may be deleted. Empty: all keys, if the server is on this machine.
  std::vector<std::string> allowed{};
  cold_plan::pace pace{};
  std::uint64_t seed = 0;
  /// Prints a message. Called on the prober's thread.
  std::function<void(const std::string& line)> say{};
};

class cold_prober {
 public:
  /// Lifetime: `capture` outlives the prober and must run while the prober does.
  cold_prober(probe_settings settings, live_capture& capture);
  /// Stops.
  ~cold_prober();
  cold_prober(const cold_prober&) = delete;
  cold_prober& operator=(const cold_prober&) = delete;

  /// Fails if the server cannot be reached, refuses the password, or is not on this machine and no
  /// keys are allowed. Blocks: for a few seconds at most.
  [[nodiscard]] result<void> start();
  /// To be called after each record that the engine has processed, on the thread of the engine.
  /// Does not wait for the server.
  void saw(const record& item, const rule_context& context);
  /// Stops the deletions, then asks the server for the remaining ttl of keys and for its eviction
  /// policy. To be called before the capture is stopped. Blocks: for a few seconds at most.
  void stop();

  /// How often a key was deleted. Threads: any.
  [[nodiscard]] std::uint64_t cold_events() const noexcept { return cold_events_.load(); }

  /// The largest number of keys whose ttl is requested.
  static constexpr std::size_t ttl_keys_max = 4096;
  static constexpr unsigned ttl_keys_of_pattern_max = 32;

 private:
  using replies = std::vector<resp::message>;

  void run();
  void make_cold(const hot_key& key);
  void remember(const event& command, const rule_context& context);
  void record_ttls();
  void record_policy();
  [[nodiscard]] result<replies> exchange(std::uint32_t database, const std::string& requests,
                                         std::size_t count);

  probe_settings settings_;
  live_capture& capture_;

  // Used by the engine's thread only.
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
  bool reported_failure_ = false;
  std::atomic<std::uint64_t> cold_events_{0};
  std::thread thread_;
};

}  // namespace drover::audit
