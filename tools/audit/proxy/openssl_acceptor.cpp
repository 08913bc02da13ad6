// SPDX-License-Identifier: MIT
// A session reads from one memory buffer of OpenSSL and writes to another.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>
#include <string>
#include <utility>

#include "audit/proxy/tls_acceptor.hpp"
#include "connection/openssl_faults.hpp"

namespace drover::audit {
namespace {

using connection::tls_session;

struct freed_session {
  void operator()(SSL* owned) const noexcept {
    SSL_set_shutdown(owned, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(owned);
  }
};
struct freed_context {
  void operator()(SSL_CTX* owned) const noexcept { SSL_CTX_free(owned); }
};
using context_ptr = std::unique_ptr<SSL_CTX, freed_context>;

/// Why the handshake with a client failed, and the remedy.
fault fault_of_client() {
  const unsigned long error = ERR_peek_last_error();
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_BAD_RECORD_TYPE:
      return {fault_code::unsupported,
              "the client does not speak TLS; use rediss:// in the application, or audit without "
              "--tls"};
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return {fault_code::unsupported,
              "the client does not accept the certificate of the proxy; give the application the "
              "authority (CA) of this certificate, and connect to a name that it is for"};
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return {fault_code::unsupported, "the client does not speak TLS 1.2 or newer"};
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return {fault_code::unreachable, "the client ended the connection in the handshake"};
    default: break;
  }
  return {fault_code::unreachable, "TLS with the client failed: " + connection::last_reason()};
}

class accepted_session final : public tls_session {
 public:
  explicit accepted_session(SSL_CTX* context)
      : session_{SSL_new(context)}, input_{BIO_new(BIO_s_mem())}, output_{BIO_new(BIO_s_mem())} {
    if (!session_ || input_ == nullptr || output_ == nullptr) throw std::bad_alloc{};
    SSL_set_bio(session_.get(), input_, output_);  // it owns both now
    SSL_set_accept_state(session_.get());
  }

  step shake(std::string& sealed) noexcept override {
    const connection::error_mark mark;
    step out;
    if (!has_failed_) {
      const int done = SSL_do_handshake(session_.get());
      out = done == 1 ? step{status::moved, 0, false} : stopped(done, true);
    }
    take_output(sealed);
    return out;
  }

  step seal(std::string_view plain, std::string& sealed) noexcept override {
    const connection::error_mark mark;
    step out;
    if (has_failed_ || plain.empty()) return out;
    std::size_t written = 0;
    const int done = SSL_write_ex(session_.get(), plain.data(), plain.size(), &written);
    out = done == 1 ? step{status::moved, written, false} : stopped(done, false);
    take_output(sealed);
    return out;
  }
  [[nodiscard]] bool writer_wants_input() const noexcept override { return false; }

  void feed(std::string_view sealed) noexcept override {
    BIO_write(input_, sealed.data(), static_cast<int>(sealed.size()));
  }
  void feed_end() noexcept override { BIO_set_mem_eof_return(input_, 0); }

  step open(std::span<char> into) noexcept override {
    const connection::error_mark mark;
    if (has_failed_) return {};
    std::size_t read = 0;
    const int done = SSL_read_ex(session_.get(), into.data(), into.size(), &read);
    return done == 1 ? step{status::moved, read, false} : stopped(done, false);
  }
  [[nodiscard]] bool has_input() const noexcept override {
    return SSL_has_pending(session_.get()) == 1 || BIO_ctrl_pending(input_) > 0;
  }

  void close(std::string& sealed) noexcept override {
    const connection::error_mark mark;
    if (has_failed_) return;
    SSL_shutdown(session_.get());
    take_output(sealed);
  }
  [[nodiscard]] const fault& why() const noexcept override { return why_; }
  [[nodiscard]] bool is_resumed() const noexcept override {
    return SSL_session_reused(session_.get()) == 1;
  }

 private:
  step stopped(int result, bool in_handshake) noexcept {
    switch (SSL_get_error(session_.get(), result)) {
      case SSL_ERROR_WANT_READ: return {status::wants_input, 0, false};
      case SSL_ERROR_ZERO_RETURN: return {status::closed, 0, false};
      default: break;
    }
    has_failed_ = true;
    why_ = in_handshake ? fault_of_client()
                        : fault{fault_code::unreachable,
                                "the client broke the rules of TLS: " + connection::last_reason()};
    return {};
  }

  void take_output(std::string& sealed) {
    const std::size_t count = BIO_ctrl_pending(output_);
    if (count == 0) return;
    const std::size_t before = sealed.size();
    sealed.resize(before + count);
    BIO_read(output_, sealed.data() + before, static_cast<int>(count));
  }

  std::unique_ptr<SSL, freed_session> session_;
  BIO* input_;
  BIO* output_;
  bool has_failed_ = false;
  fault why_;
};

class openssl_acceptor final : public tls_acceptor {
 public:
  explicit openssl_acceptor(context_ptr context) : context_{std::move(context)} {}
  std::unique_ptr<tls_session> begin() override {
    const connection::error_mark mark;
    return std::make_unique<accepted_session>(context_.get());
  }

 private:
  const context_ptr context_;
};

// Without this, OpenSSL asks for the password of a key at the terminal.
int no_key_password(char* /*into*/, int /*size*/, int /*writing*/, void* /*data*/) noexcept {
  return -1;
}

fault unusable_file(const std::string& option, const std::filesystem::path& file,
                    const std::string& reason) {
  return {fault_code::unsupported, option + " " + file.string() + ": " + reason};
}

/// The reason why the file cannot be opened; empty: it can.
std::string why_unreadable(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return "it is a folder; give a PEM file";
  errno = 0;
  if (const std::ifstream stream{file}; stream) return {};
  return std::string{std::strerror(errno == 0 ? EACCES : errno)} +
         "; give a PEM file that this user can read";
}

}  // namespace

result<std::shared_ptr<tls_acceptor>> make_tls_acceptor(const certificate_files& files) {
  for (const auto& [option, file] :
       {std::pair{"--tls-cert", files.certificate}, std::pair{"--tls-key", files.key}}) {
    if (const auto reason = why_unreadable(file); !reason.empty()) {
      return unusable_file(option, file, reason);
    }
  }
  OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr);
  const connection::error_mark mark;
  context_ptr context{SSL_CTX_new(TLS_server_method())};
  if (!context) throw std::bad_alloc{};
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(raw, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(raw, no_key_password);
  if (SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1) throw std::bad_alloc{};
  if (SSL_CTX_use_certificate_chain_file(raw, files.certificate.c_str()) != 1) {
    return unusable_file("--tls-cert", files.certificate,
                         "it holds no certificate in PEM (" + connection::last_reason() + ")");
  }
  if (SSL_CTX_use_PrivateKey_file(raw, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unusable_file("--tls-key", files.key,
                         "it holds no unencrypted key in PEM for the certificate of --tls-cert (" +
                             connection::last_reason() + ")");
  }
  if (SSL_CTX_check_private_key(raw) != 1) {
    return unusable_file("--tls-key", files.key,
                         "it is not the key of the certificate " + files.certificate.string());
  }
  return std::shared_ptr<tls_acceptor>{std::make_shared<openssl_acceptor>(std::move(context))};
}

}  // namespace drover::audit
