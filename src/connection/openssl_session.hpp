// SPDX-License-Identifier: MIT
// A session of OpenSSL on memory instead of a socket. See tls.hpp for the threads.
//
// OpenSSL's buffers are read to their end before it wants input, so `feed` replaces the input.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "connection/openssl_faults.hpp"
#include "connection/tls.hpp"

namespace drover::connection {

struct ssl_deleter {
  void operator()(SSL* session) const noexcept {
    // Otherwise OpenSSL forbids to resume a session whose connection ended without a farewell.
    SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(session);
  }
};

class openssl_session final : public tls_session {
 public:
  /// `name` is the host name or IP address that the certificate must be for. Throws std::bad_alloc.
  openssl_session(std::unique_ptr<SSL, ssl_deleter> session, std::string name);

  step shake(std::string& sealed) noexcept override;
  step seal(std::string_view plain, std::string& sealed) noexcept override;
  [[nodiscard]] bool writer_wants_input() const noexcept override {
    return writer_wants_input_.load(std::memory_order_acquire);
  }
  void feed(std::string_view sealed) noexcept override;
  void feed_end() noexcept override;
  step open(std::span<char> into) noexcept override;
  [[nodiscard]] bool has_input() const noexcept override {
    return has_input_.load(std::memory_order_relaxed);
  }
  void close(std::string& sealed) noexcept override;
  [[nodiscard]] const fault& why() const noexcept override { return why_; }
  [[nodiscard]] bool is_resumed() const noexcept override;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  static int read_input(BIO* from, char* into, std::size_t size, std::size_t* read) noexcept;
  static int write_output(BIO* to, const char* bytes, std::size_t size,
                          std::size_t* written) noexcept;
  static long control(BIO* at, int command, long number, void* pointer) noexcept;
  static BIO_METHOD* method() noexcept;
  static int note_verdict(int accepted, X509_STORE_CTX* check) noexcept;

  enum class blocked : std::uint8_t { no, by_input, by_output };

  [[nodiscard]] step stopped(bool in_handshake, const error_mark& since) noexcept;
  void note_certificate(int code, int depth, const X509* certificate) noexcept;
  [[nodiscard]] bool is_trusted() noexcept;
  void keep_session() noexcept;

  mutable std::mutex mutex_;  // guards all members below, except the atomic ones and `why_`
  std::unique_ptr<SSL, ssl_deleter> session_;
  const std::string name_;
  std::string_view input_;
  bool input_ended_ = false;
  std::string output_;
  blocked blocked_ = blocked::no;  // why the last operation could not go on
  bool has_failed_ = false;
  fault why_;  // not written once `has_failed_`
  std::atomic<bool> has_input_{false};
  std::atomic<bool> writer_wants_input_{false};
};

}  // namespace drover::connection
