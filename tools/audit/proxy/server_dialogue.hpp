// SPDX-License-Identifier: MIT
// A short conversation of the auditor with a server: one command after the other. Every wait ends.
//
// Threads: one at a time.
#pragma once

#include <drover/result.hpp>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit/proxy/address.hpp"
#include "base/time.hpp"
#include "connection/socket_io.hpp"
#include "connection/tls.hpp"
#include "connection/transport.hpp"
#include "resp/message.hpp"
#include "resp/reader.hpp"

namespace drover::audit {

/// How the auditor reaches a server.
struct server_access {
  address at{};
  /// nullptr: without TLS.
  std::shared_ptr<connection::tls_context> tls{};
  /// Empty: the default user.
  std::string user{};
  /// Empty: no AUTH.
  std::string password{};
  /// The longest wait for a connection, a handshake, or a reply.
  std::chrono::milliseconds wait_max{5000};
};

class server_dialogue {
 public:
  /// Connects, does the handshake of TLS and sends AUTH. The text of a fault names the server, the
  /// cause, and no password. Blocks: while the name is resolved, and for `wait_max` at each step.
  [[nodiscard]] static result<server_dialogue> begin(const server_access& with);

  /// Sends a command and waits for its reply, which may be an error.
  [[nodiscard]] result<resp::message> ask(std::initializer_list<std::string_view> command);

 private:
  explicit server_dialogue(const server_access& with)
      : server_name_{describe(with.at)}, wait_max_{with.wait_max} {}

  [[nodiscard]] result<void> connect(const address& to);
  [[nodiscard]] result<void> secure(connection::tls_context& with, const std::string& host);
  [[nodiscard]] result<void> send(std::string_view bytes);
  [[nodiscard]] bool wait(connection::readiness interest, steady_time until) const;
  [[nodiscard]] steady_time limit() const;
  [[nodiscard]] fault failure(const std::string& reason) const;

  std::string server_name_;
  std::chrono::milliseconds wait_max_;
  std::unique_ptr<connection::bell> wake_ = std::make_unique<connection::bell>();
  connection::transport transport_;
  resp::reader reader_;
  std::string unread_;
};

}  // namespace drover::audit
