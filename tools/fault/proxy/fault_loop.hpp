// SPDX-License-Identifier: MIT
// The implementation of a fault proxy: its event loop, listener and relays.
//
// Threads: created and opened on one, then run on another. `ask_to_stop` on any.
#pragma once

#include <uv.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "fault/plan/decider.hpp"
#include "fault/proxy/fault_proxy.hpp"
#include "fault/proxy/fault_relay.hpp"
#include "fault/proxy/listener.hpp"

namespace drover::faults {

class fault_proxy::loop : private fault_relay_owner, private injection_sink {
 public:
  explicit loop(fault_proxy_settings with);
  ~loop() override;

  /// To be called before `run`, on the thread that created the loop.
  [[nodiscard]] result<audit::address> open();
  /// Returns after `ask_to_stop`, when everything is closed.
  void run();
  void ask_to_stop() noexcept;
  [[nodiscard]] fault_counts counts() const;

 private:
  void accept_next();
  void serve(fault_relay& client);
  /// Stops or starts to listen, as the script says for this time.
  void follow_script();
  void go_down(std::size_t spec);
  void close_all();
  void say(const std::string& line) const;

  [[nodiscard]] microseconds now() const override;
  void server_unreachable(int error) override;
  void server_reached() override;
  void relay_gone(fault_relay& gone) override;
  void injected(injection event) override;
  void passes_unchanged(std::uint64_t connection, const std::string& reason) override;
  void request_read() override { ++counts_.requests; }

  static void on_client(uv_stream_t* stream, int status);

  fault_proxy_settings with_;
  decider decisions_;
  audit::resolved_address server_;
  uv_loop_t loop_{};
  listener listener_;
  uv_async_t stopping_{};
  uv_timer_t script_timer_{};
  std::uint64_t start_ns_ = 0;
  std::vector<char> buffer_;
  std::unordered_map<std::uint64_t, std::unique_ptr<fault_relay>> relays_;
  fault_counts counts_;
  std::optional<std::size_t> down_because_;
  std::uint64_t last_number_ = 0;
  bool is_stopping_ = false;
  bool has_said_unreachable_ = false;
  bool has_said_crowded_ = false;
  bool has_said_accept_failed_ = false;
  bool has_said_unchanged_ = false;
};

}  // namespace drover::faults
