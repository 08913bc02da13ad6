// SPDX-License-Identifier: MIT
#include "connection/openssl_session.hpp"

#include <openssl/bio.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/assert.hpp"
#include "connection/faults.hpp"

namespace drover::connection {
namespace {

// A write converts at most so much at once, so that the reader need not wait for long.
constexpr std::size_t plain_max = std::size_t{64} << 10U;
// Room for it in records of 16 KiB, and for the session's own messages.
constexpr std::size_t output_max = plain_max + (std::size_t{16} << 10U);

}  // namespace

openssl_session::openssl_session(std::unique_ptr<SSL, ssl_deleter> session, std::string name)
    : session_{std::move(session)}, name_{std::move(name)} {
  output_.reserve(output_max);
  const error_mark mark;
  BIO_METHOD* const way = method();
  BIO* const memory = way == nullptr ? nullptr : BIO_new(way);
  if (memory == nullptr) throw std::bad_alloc{};
  BIO_set_data(memory, this);
  BIO_set_init(memory, 1);
  SSL_set_bio(session_.get(), memory, memory);  // it owns `memory` now
  SSL_set_app_data(session_.get(), this);
  SSL_set_verify(session_.get(), SSL_get_verify_mode(session_.get()), note_verdict);
  SSL_set_connect_state(session_.get());
}

BIO_METHOD* openssl_session::method() noexcept {
  static BIO_METHOD* const made = [] {
    BIO_METHOD* const out = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "drover");
    if (out == nullptr) return out;
    BIO_meth_set_read_ex(out, read_input);
    BIO_meth_set_write_ex(out, write_output);
    BIO_meth_set_ctrl(out, control);
    return out;
  }();
  return made;
}

// The callbacks run inside a call of OpenSSL, with the lock.
int openssl_session::read_input(BIO* from, char* into, std::size_t size,
                                std::size_t* read) noexcept {
  auto& self = *static_cast<openssl_session*>(BIO_get_data(from));
  BIO_clear_retry_flags(from);
  *read = std::min(size, self.input_.size());
  self.input_.copy(into, *read);
  self.input_.remove_prefix(*read);
  if (*read > 0) return 1;
  if (self.input_ended_) return 0;
  BIO_set_retry_read(from);
  self.blocked_ = blocked::by_input;
  return 0;
}

int openssl_session::write_output(BIO* to, const char* bytes, std::size_t size,
                                  std::size_t* written) noexcept {
  auto& self = *static_cast<openssl_session*>(BIO_get_data(to));
  BIO_clear_retry_flags(to);
  *written = std::min(size, output_max - self.output_.size());
  self.output_.append(bytes, *written);  // the room is reserved
  if (*written > 0) return 1;
  BIO_set_retry_write(to);
  self.blocked_ = blocked::by_output;
  return 0;
}

long openssl_session::control(BIO* at, int command, long /*number*/, void* /*pointer*/) noexcept {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command != BIO_CTRL_EOF) return 0;
  const auto& self = *static_cast<const openssl_session*>(BIO_get_data(at));
  return self.input_ended_ && self.input_.empty() ? 1 : 0;
}

tls_session::step openssl_session::shake(std::string& sealed) noexcept {
  const std::lock_guard lock{mutex_};
  step out;
  if (!has_failed_) {
    const error_mark mark;
    blocked_ = blocked::no;
    const bool is_complete = SSL_do_handshake(session_.get()) == 1;
    if (!is_complete) {
      out = stopped(true, mark);
    } else if (is_trusted()) {
      keep_session();
      out.is = status::moved;
      has_input_.store(!input_.empty(), std::memory_order_relaxed);
    }
  }
  sealed.append(output_);
  output_.clear();
  return out;
}

tls_session::step openssl_session::seal(std::string_view plain, std::string& sealed) noexcept {
  DROVER_ASSERT(sealed.empty());
  const std::lock_guard lock{mutex_};
  if (has_failed_) return {};
  const error_mark mark;
  step out;
  plain = plain.substr(0, plain_max);
  while (!plain.empty()) {
    std::size_t written = 0;
    blocked_ = blocked::no;
    if (SSL_write_ex(session_.get(), plain.data(), plain.size(), &written) != 1) {
      out.is = stopped(false, mark).is;
      break;
    }
    out.bytes += written;
    plain.remove_prefix(written);
  }
  writer_wants_input_.store(out.bytes == 0 && out.is == status::wants_input,
                            std::memory_order_release);
  if (out.bytes > 0) out.is = status::moved;
  sealed.swap(output_);
  output_.reserve(output_max);
  return out;
}

void openssl_session::feed(std::string_view sealed) noexcept {
  const std::lock_guard lock{mutex_};
  DROVER_ASSERT(input_.empty());
  input_ = sealed;
}

void openssl_session::feed_end() noexcept {
  const std::lock_guard lock{mutex_};
  input_ended_ = true;
}

tls_session::step openssl_session::open(std::span<char> into) noexcept {
  const std::lock_guard lock{mutex_};
  if (has_failed_) return {};
  const error_mark mark;
  step out{status::moved, 0, false};
  while (out.bytes < into.size()) {
    std::size_t read = 0;
    blocked_ = blocked::no;
    const auto left = into.subspan(out.bytes);
    if (SSL_read_ex(session_.get(), left.data(), left.size(), &read) == 1) {
      out.bytes += read;
      continue;
    }
    out.is = stopped(false, mark).is;
    break;
  }
  if (out.is == status::wants_output) {
    // Each message without data may be answered, and the answers wait for a request to be sent.
    why_ = fault_of(fault_code::unreachable, "the server sends messages of TLS without data");
    has_failed_ = true;
    out.is = status::failed;
  }
  // After all bytes there may be more, or the end.
  has_input_.store(out.is != status::wants_input, std::memory_order_relaxed);
  if (out.bytes > 0) out.is = status::moved;
  if (writer_wants_input() && SSL_in_init(session_.get()) == 0) {
    writer_wants_input_.store(false, std::memory_order_release);
    out.frees_writer = true;
  }
  return out;
}

void openssl_session::close(std::string& sealed) noexcept {
  const std::lock_guard lock{mutex_};
  if (has_failed_) return;
  const error_mark mark;
  SSL_shutdown(session_.get());
  sealed.append(output_);
  output_.clear();
}

bool openssl_session::is_resumed() const noexcept {
  const std::lock_guard lock{mutex_};
  return SSL_session_reused(session_.get()) == 1;
}

// Called after OpenSSL could not go on.
tls_session::step openssl_session::stopped(bool in_handshake, const error_mark& since) noexcept {
  if (blocked_ == blocked::by_input) return {status::wants_input, 0, false};
  if (blocked_ == blocked::by_output) return {status::wants_output, 0, false};
  const bool said_farewell = (SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  if (said_farewell && !in_handshake && !since.has_error()) return {status::closed, 0, false};
  try {
    // The verdict on the certificate is more exact than the error that follows from it.
    if (why_.text.empty()) why_ = fault_of_session(in_handshake);
  } catch (...) {
    why_.text.clear();
  }
  has_failed_ = true;
  return {};
}

// OpenSSL calls this for each certificate of the chain, with the lock.
int openssl_session::note_verdict(int accepted, X509_STORE_CTX* check) noexcept {
  if (accepted == 1) return accepted;
  auto* const session =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (session == nullptr || SSL_get_verify_mode(session) == SSL_VERIFY_NONE) return accepted;
  static_cast<openssl_session*>(SSL_get_app_data(session))
      ->note_certificate(X509_STORE_CTX_get_error(check), X509_STORE_CTX_get_error_depth(check),
                         X509_STORE_CTX_get0_cert(check));
  return accepted;
}

void openssl_session::note_certificate(int code, int depth, const X509* certificate) noexcept {
  try {
    if (why_.text.empty()) why_ = fault_of_certificate(code, depth, certificate, name_);
  } catch (...) {
    why_.text.clear();
  }
}

// A resumed session brings no certificate, and the one of its first connection may have expired
// since. So the certificate is verified at each connect.
bool openssl_session::is_trusted() noexcept {
  SSL* const session = session_.get();
  if (SSL_get_verify_mode(session) == SSL_VERIFY_NONE) return true;
  X509* const certificate = SSL_get0_peer_certificate(session);
  int code = static_cast<int>(SSL_get_verify_result(session));
  int depth = 0;
  if (certificate == nullptr) code = X509_V_ERR_UNSPECIFIED;
  if (code == X509_V_OK && SSL_session_reused(session) == 1) {
    const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check{
        X509_STORE_CTX_new(), &X509_STORE_CTX_free};
    X509_STORE* const trusted = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(session));
    code = X509_V_ERR_OUT_OF_MEM;
    if (check &&
        X509_STORE_CTX_init(check.get(), trusted, certificate, SSL_get_peer_cert_chain(session)) ==
            1 &&
        X509_STORE_CTX_set_default(check.get(), "ssl_server") == 1 &&
        X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(check.get()), SSL_get0_param(session)) ==
            1) {
      const bool is_good = X509_verify_cert(check.get()) == 1;
      code = is_good ? X509_V_OK : X509_STORE_CTX_get_error(check.get());
      depth = X509_STORE_CTX_get_error_depth(check.get());
    }
  }
  if (code == X509_V_OK) return true;
  note_certificate(code, depth, certificate);
  has_failed_ = true;
  return false;
}

// Tickets of TLS 1.3 come later, and each is used once. A session of TLS 1.2 may be used again.
void openssl_session::keep_session() noexcept {
  SSL* const session = session_.get();
  if (SSL_session_reused(session) == 0 || SSL_version(session) >= TLS1_3_VERSION) return;
  const auto keep = SSL_CTX_sess_get_new_cb(SSL_get_SSL_CTX(session));
  SSL_SESSION* const resumed = SSL_get1_session(session);
  if (keep == nullptr || keep(session, resumed) == 0) SSL_SESSION_free(resumed);
}

}  // namespace drover::connection
