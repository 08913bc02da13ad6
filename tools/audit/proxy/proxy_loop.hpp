// SPDX-License-Identifier: MIT
// The implementation of a proxy: its event loop, listener and relays.
//
// Threads: created and opened on one, then run on another. `ask_to_stop` and `counts` on any.
#pragma once

#include <uv.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/proxy/door.hpp"
#include "audit/proxy/proxy.hpp"
#include "audit/proxy/relay.hpp"

namespace drover::audit {

class proxy::loop : private relay_owner, private node_directory {
 public:
  loop(proxy_settings settings, tap_maker* watch);
  ~loop() override;

  /// To be called before `run`, on the thread that created the loop.
  [[nodiscard]] result<address> open();
  /// Returns after `ask_to_stop`, when everything is closed.
  void run();
  void ask_to_stop() noexcept;
  [[nodiscard]] proxy_counts counts() const noexcept;

 private:
  void close_all();
  void end_turn();
  void accept_next(door& from);
  void connect(relay& client_relay, door& from);

  // proxy_doors.cpp

  [[nodiscard]] result<void> open_doors();
  [[nodiscard]] result<void> listen_at(door& opened, const address& at);
  [[nodiscard]] door& add_door(const known_node& node);
  void name_door(const named_node& node, door* opened);
  [[nodiscard]] std::optional<std::uint16_t> port_for(const named_node& node) override;
  [[nodiscard]] door* open_door_later(const named_node& node);
  [[nodiscard]] std::unique_ptr<reply_rewriter> rewriter_for(const door& from, int client);
  void say(const std::string& line) const;
  void say_once(bool& reported, const std::string& line) const;

  [[nodiscard]] bool names_ports() const override { return bool{settings_.connecting}; }
  void connecting(std::uint64_t connection, std::uint16_t from_port) override {
    settings_.connecting(connection, from_port);
  }
  [[nodiscard]] std::string server_in_words(const door& of) const;
  void server_unreachable(std::size_t door, int error) override;
  void server_reached(std::size_t door) override;
  void tls_failed(std::size_t door, bool with_server, const std::string& why) override;
  void counted(direction towards, std::size_t bytes) override;
  void relay_closed(relay& closed) override;

  static void on_client(uv_stream_t* listener, int status);

  proxy_settings settings_;
  tap_maker* watch_;
  uv_loop_t loop_{};
  std::vector<std::unique_ptr<door>> doors_;
  /// By the names of the servers in replies. nullptr: no listener could be opened.
  std::map<std::string, door*> doors_by_name_;
  std::uint16_t last_port_ = 0;
  uv_async_t stopping_{};
  uv_prepare_t turn_end_{};
  uv_timer_t next_turn_{};
  std::vector<char> buffer_;
  std::unordered_map<std::uint64_t, std::unique_ptr<relay>> relays_;
  bool is_stopping_ = false;
  bool reported_client_tls_ = false;
  bool reported_crowded_ = false;
  bool reported_accept_failed_ = false;
  std::uint64_t last_number_ = 0;

  std::atomic<std::uint64_t> opened_{0};
  std::atomic<std::uint64_t> open_now_{0};
  std::atomic<std::uint64_t> turned_away_{0};
  std::array<std::atomic<std::uint64_t>, 2> bytes_{};
};

}  // namespace drover::audit
