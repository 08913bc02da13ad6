// SPDX-License-Identifier: MIT
// One connection through a reply_proxy: the requests that await replies, and the pieces that are to
// be sent to the client, each at its time.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "resp/message.hpp"
#include "resp/reader.hpp"
#include "resp/request_reader.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test {

/// Threads: one at a time.
class proxied_connection {
 public:
  using clock = std::chrono::steady_clock;
  /// The proxy's rule for the reply to a command; a null pointer: none.
  using rule_for = std::function<const reply_rule*(const std::string& command)>;

  /// Takes ownership of both descriptors. No member waits for them.
  proxied_connection(int client, int server) noexcept : client_{client}, server_{server} {}
  ~proxied_connection();
  proxied_connection(const proxied_connection&) = delete;
  proxied_connection& operator=(const proxied_connection&) = delete;

  [[nodiscard]] int client() const noexcept { return client_; }
  [[nodiscard]] int server() const noexcept { return server_; }
  [[nodiscard]] bool is_idle() const noexcept { return awaited_.empty() && to_client_.empty(); }

  // Each of these returns false when the connection must be closed.
  [[nodiscard]] bool read_client();
  [[nodiscard]] bool read_server(const rule_for& rule);
  [[nodiscard]] bool write(clock::time_point now);

  void push(const std::string& bytes) { to_client_.push_back({.bytes = bytes}); }
  [[nodiscard]] bool awaits_writing() const noexcept { return !to_server_.empty(); }
  /// When the next piece may be sent; max() when there is none.
  [[nodiscard]] clock::time_point next_send() const noexcept;

 private:
  struct piece {
    std::string bytes;
    clock::time_point not_before{};
    std::chrono::milliseconds trickle{};
    bool closes = false;
  };

  void note_requests(std::string_view bytes);
  [[nodiscard]] bool take_message(const rule_for& rule);
  void apply(const reply_rule& rule, std::string bytes);

  int client_;
  int server_;
  resp::request_reader requests_;
  resp::request request_;
  std::deque<std::string> awaited_;  // the commands whose replies are due
  resp::reader replies_;
  resp::message reply_;
  std::string reply_bytes_;  // the bytes of the incomplete message
  std::string to_server_;
  std::deque<piece> to_client_;
  bool is_held_ = false;
};

}  // namespace drover::test
