// SPDX-License-Identifier: MIT
// How often a client asks its origin, read along on a connection between them: HTTP/1 and HTTP/2
// requests, PostgreSQL's queries (simple, and Execute), MySQL's (COM_QUERY, COM_STMT_EXECUTE). The
// protocol is told by its first bytes. What only minds the session is not counted, see `sql_text`.
//
// It never fails: what it cannot read (another protocol, TLS, garbage) it stops reading, and says
// why. Memory is bounded whatever comes.
// Pure. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace drover::audit {

/// One protocol, after it has been told.
class request_stream {
 public:
  virtual ~request_stream() = default;
  /// Answers how many requests are complete with these bytes, as far as they have to be read.
  [[nodiscard]] virtual std::uint64_t client_sent(std::string_view bytes) = 0;
  virtual void server_sent(std::string_view bytes) { (void)bytes; }
  /// Why nothing can be read any more; empty: it can.
  [[nodiscard]] std::string_view lost() const noexcept { return lost_; }

 protected:
  void lose(std::string_view why) noexcept { lost_ = why; }

 private:
  std::string_view lost_;
};

[[nodiscard]] std::unique_ptr<request_stream> http_requests();
[[nodiscard]] std::unique_ptr<request_stream> http2_requests();
[[nodiscard]] std::unique_ptr<request_stream> postgres_requests();
[[nodiscard]] std::unique_ptr<request_stream> mysql_requests();

class origin_requests {
 public:
  [[nodiscard]] std::uint64_t client_sent(std::string_view bytes);
  void server_sent(std::string_view bytes);

  /// "http", "http2", "postgresql", "mysql"; "" as long as it is not known.
  [[nodiscard]] std::string_view protocol() const noexcept { return protocol_; }
  [[nodiscard]] std::string_view lost() const noexcept;

 private:
  void tell_protocol();

  std::unique_ptr<request_stream> stream_;
  std::string head_;  // of the client's bytes, until the protocol is told
  std::string_view protocol_;
  bool unknown_ = false;
  bool server_began_ = false;
};

}  // namespace drover::audit
