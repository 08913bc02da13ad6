// SPDX-License-Identifier: MIT
// What OpenSSL's errors mean, for people: the cause and the option that may be wrong. Nothing of a
// key, a request or a reply is in it. Names from certificates are shortened and escaped.
//
// Threads: any; the error queue is that of the calling thread.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <drover/fault.hpp>

#include <string>

namespace drover::connection {

/// The errors of OpenSSL in this thread that come while it lives are gone with it. The thread may
/// be one of the application, which may have errors of its own in the queue. (OpenSSL drops those
/// when it processes a message of TLS without data.)
class error_mark {
 public:
  error_mark() noexcept : before_{ERR_peek_last_error()} { ERR_set_mark(); }
  ~error_mark() { ERR_pop_to_mark(); }
  error_mark(const error_mark&) = delete;
  error_mark& operator=(const error_mark&) = delete;

  /// An error has come since.
  [[nodiscard]] bool has_error() const noexcept {
    const unsigned long last = ERR_peek_last_error();
    return last != 0 && last != before_;
  }

 private:
  unsigned long before_;
};

/// Why the server's certificate is not accepted. `code` is an X509_V_ERR_..., and `depth` 0 when it
/// is about this certificate and not one above it; `wanted` is the name or address that it must be
/// for.
[[nodiscard]] fault fault_of_certificate(int code, int depth, const X509* certificate,
                                         const std::string& wanted);

/// Why the last operation on a session failed. `in_handshake`: it was a part of the handshake.
[[nodiscard]] fault fault_of_session(bool in_handshake);

/// The text of the last error, for options that cannot be used.
[[nodiscard]] std::string last_reason();

}  // namespace drover::connection
