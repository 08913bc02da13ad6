// SPDX-License-Identifier: MIT
// Turns the traffic of a proxy into records. The proxy's thread reads the bytes after it has passed
// them on and queues the records without waiting. A thread of the capture writes the recording, if
// there is one, and gives the records to the sink.
//
// If the sink is too slow, fewer keys are examined, each of them completely: a half, a quarter, and
// so on. If that is not enough, events are dropped. A `sight_lost` record reports both.
#pragma once

#include <drover/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "audit/capture/capture.hpp"
#include "audit/proxy/key_sample.hpp"
#include "audit/proxy/miss_barrier.hpp"
#include "audit/proxy/process_finder.hpp"
#include "audit/proxy/record_queue.hpp"
#include "audit/proxy/recorder.hpp"
#include "audit/proxy/tap.hpp"

namespace drover::audit {

struct live_settings {
  bool hide_keys = false;
  /// For `capture_begun`.
  bool is_active = false;
  /// For `capture_begun`.
  std::string tool{};
  /// The share of the keys to examine, see `key_share.hpp`.
  std::uint32_t keys_per_million = all_keys;
  record_queue::bounds room{};
  std::optional<std::filesystem::path> recording{};
  /// If set, the capture ends and begins again after this time: the sink gets `capture_ended` and
  /// `capture_begun`, and the share of the keys is the chosen one again. Not with a recording.
  std::optional<std::chrono::milliseconds> window{};
  /// If set, the replies to the first misses of a key are delayed, so that the clients continue at
  /// the same time.
  std::optional<miss_barrier::bounds> barrier{};
  /// Prints a message, for example that the disk is full. Called on the capture's thread.
  std::function<void(const std::string& line)> say{};
};

struct live_counts {
  /// Events in the traffic.
  std::uint64_t events = 0;
  /// Events of keys that are not in the sample.
  std::uint64_t skipped = 0;
  /// Events that were dropped.
  std::uint64_t lost = 0;
  /// The share of the keys that is examined.
  std::uint32_t keys_per_million = all_keys;
};

class live_capture final : public tap_maker, private record_sink {
 public:
  /// Lifetime: `sink` outlives the capture. It is called on the capture's thread, one record at a
  /// time.
  live_capture(live_settings settings, record_sink& sink);
  /// Stops.
  ~live_capture() override;
  live_capture(const live_capture&) = delete;
  live_capture& operator=(const live_capture&) = delete;

  /// To be called before the proxy starts. Fails if the recording cannot be written.
  [[nodiscard]] result<void> start();
  /// To be called after the proxy has stopped. Returns when the last record has been processed.
  void stop();
  /// After `stop`: whether the recording, if there is one, is complete.
  [[nodiscard]] bool is_recorded() const noexcept { return is_recorded_; }

  /// Adds a record from another source, such as `origin_loads`. Threads: any, while it runs.
  void add_record(record item);
  /// Adds a fault before it can be noticed in the traffic. The sink gets it before all records that
  /// show its effect. Threads: any, while it runs.
  void add_fault(fault_injected fault);
  /// The current time on the clock of the records. Threads: any.
  [[nodiscard]] moment now() const noexcept;
  /// Threads: any.
  [[nodiscard]] live_counts counts() const noexcept;

  // The proxy's calls, on its thread.
  std::unique_ptr<tap> opened(std::uint64_t connection, const peer& client) override;
  void turn_ended() override;
  std::optional<std::chrono::milliseconds> next_turn() override;

 private:
  class live_tap;

  void take(record& item) override;
  void take_owned(std::unique_ptr<record>& item) override;
  void report_gap();
  [[nodiscard]] capture_begun beginning() const;
  void end_window_if_due();

  void run();
  std::size_t process_batch();
  void process_faults();
  void process_record(record& item);
  void deliver(record& item);

  live_settings settings_;
  record_sink& sink_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  record_queue queue_;
  process_finder finder_;
  capture capture_;
  std::optional<recorder> recorder_;
  bool is_recorded_ = true;

  // The proxy's thread.
  std::optional<miss_barrier> barrier_;
  std::map<std::uint64_t, reply_gate*> gates_;  // by connection; only with a barrier
  key_sample sample_;
  std::uint64_t unreported_lost_ = 0;
  bool has_unreported_sample_ = false;
  std::int64_t unix_ms_ = 0;  // the Unix time of moment 0
  moment window_from_{};
  std::uint64_t bytes_before_ = 0;   // the window
  std::uint64_t events_before_ = 0;  // the window

  std::mutex added_mutex_;
  std::vector<record> added_;
  std::vector<record> faults_;
  std::atomic<bool> has_faults_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> skipped_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::uint32_t> keys_per_million_;
  std::thread thread_;
};

}  // namespace drover::audit
