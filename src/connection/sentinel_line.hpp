// SPDX-License-Identifier: MIT
// A connection to one sentinel that never waits: the addresses of its host one after the other,
// then requests and messages.
//
// Threads: one at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connection/sentinel.hpp"
#include "connection/socket_io.hpp"
#include "resp/message.hpp"
#include "resp/reader.hpp"

namespace drover::connection {

class sentinel_line {
 public:
  /// Begins to connect to the first address of the host.
  explicit sentinel_line(std::vector<address> host);

  /// False when the line has ended, for the reason `why`.
  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  /// The socket and the conditions to wait for before the next `go_on`.
  [[nodiscard]] const stream_socket& socket() const noexcept { return socket_; }
  [[nodiscard]] readiness interest() const noexcept;

  /// Sends the bytes as soon as possible.
  void send(std::string_view bytes) { output_ += bytes; }
  /// Proceeds as far as possible. Returns the messages that came.
  [[nodiscard]] std::vector<resp::message> go_on(readiness came);
  void end(std::string why);

 private:
  void connect();
  [[nodiscard]] bool send_output();
  [[nodiscard]] bool receive(std::vector<resp::message>& into);
  void take_in(std::string_view bytes, std::vector<resp::message>& into);

  std::vector<address> left_;  // the next address is at the back
  stream_socket socket_;
  bool is_connected_ = false;
  std::string output_;
  resp::reader reader_;
  resp::message partial_;
  std::string why_;
};

}  // namespace drover::connection
