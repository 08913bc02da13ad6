// SPDX-License-Identifier: MIT
// Counts the requests on a connection between a client and its origin: HTTP/1 and HTTP/2 requests,
// PostgreSQL queries (simple, and Execute), and MySQL queries (COM_QUERY, COM_STMT_EXECUTE). The
// first bytes identify the protocol. Statements that only manage the session are not counted, see
// `sql_text`.
//
// It never fails: if it cannot read the traffic (another protocol, TLS, garbage), it stops reading
// and gives the reason. Memory is bounded for any input.
// Pure. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace drover::audit {

/// Counts the requests of one protocol.
class request_stream {
 public:
  virtual ~request_stream() = default;
  /// Feeds bytes of the client. Returns the number of requests that these bytes complete. A request
  /// may count before its body is complete.
  [[nodiscard]] virtual std::uint64_t client_sent(std::string_view bytes) = 0;
  virtual void server_sent(std::string_view bytes) { (void)bytes; }
  /// Why reading has stopped. Empty: it has not.
  [[nodiscard]] std::string_view stop_reason() const noexcept { return stop_reason_; }

 protected:
  void stop_reading(std::string_view why) noexcept { stop_reason_ = why; }

 private:
  std::string_view stop_reason_;
};

[[nodiscard]] std::unique_ptr<request_stream> http_requests();
[[nodiscard]] std::unique_ptr<request_stream> http2_requests();
[[nodiscard]] std::unique_ptr<request_stream> postgres_requests();
[[nodiscard]] std::unique_ptr<request_stream> mysql_requests();

/// Counts the requests of a connection whose protocol is not known beforehand.
class origin_requests {
 public:
  [[nodiscard]] std::uint64_t client_sent(std::string_view bytes);
  void server_sent(std::string_view bytes);

  /// "http", "http2", "postgresql" or "mysql"; "" while the protocol is not known.
  [[nodiscard]] std::string_view protocol() const noexcept { return protocol_; }
  [[nodiscard]] std::string_view stop_reason() const noexcept;

 private:
  void identify_protocol();

  std::unique_ptr<request_stream> stream_;
  std::string head_;  // the first bytes of the client, until the protocol is known
  std::string_view protocol_;
  bool is_unknown_ = false;
  bool has_server_begun_ = false;
};

}  // namespace drover::audit
