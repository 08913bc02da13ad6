// SPDX-License-Identifier: MIT
// A connection to one sentinel that never waits: the addresses of its host one after the other, the
// handshake of TLS, then requests and messages.
//
// Threads: one at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connection/sentinel.hpp"
#include "connection/socket_io.hpp"
#include "connection/tls.hpp"
#include "connection/transport.hpp"
#include "resp/message.hpp"
#include "resp/reader.hpp"

namespace drover::connection {

class sentinel_line {
 public:
  /// Begins to connect to the first address of the host. With `tls`, the certificate must be for
  /// `name`; the context outlives the line.
  explicit sentinel_line(std::vector<address> host, tls_context* tls = nullptr,
                         std::string name = {});

  /// False when the line has ended, for the reason `why`.
  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  /// The sentinel has answered, but is of no use to this client.
  [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }
  /// The handshake of TLS has begun, and is not complete.
  [[nodiscard]] bool is_securing() const noexcept { return stage_ == stage::securing; }
  /// The socket and the conditions to wait for before the next `go_on`.
  [[nodiscard]] const transport& socket() const noexcept { return socket_; }
  [[nodiscard]] readiness interest() const noexcept;

  /// Sends the bytes as soon as possible.
  void send(std::string_view bytes) { output_ += bytes; }
  /// Proceeds as far as possible. Returns the messages that came.
  [[nodiscard]] std::vector<resp::message> go_on(readiness came);
  void end(std::string why, bool is_refusal = false);

 private:
  enum class stage { connecting, securing, up };

  void connect();
  void take_connection();
  void secure();
  void lose();
  [[nodiscard]] bool send_output();
  [[nodiscard]] bool receive(std::vector<resp::message>& into);
  void take_in(std::string_view bytes, std::vector<resp::message>& into);

  std::vector<address> left_;  // the next address is at the back
  tls_context* tls_;
  std::string name_;
  transport socket_;
  stage stage_ = stage::connecting;
  bool has_received_ = false;
  std::string output_;
  resp::reader reader_;
  resp::message partial_;
  std::string why_;
  bool is_refused_ = false;
};

}  // namespace drover::connection
