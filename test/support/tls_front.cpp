// SPDX-License-Identifier: MIT
#include "support/tls_front.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace drover::test {
namespace {

constexpr int look_ms = 5;

struct session_deleter {
  void operator()(SSL* session) const noexcept { SSL_free(session); }
};

class open_socket {
 public:
  explicit open_socket(int descriptor) noexcept : descriptor_{descriptor} {}
  ~open_socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  open_socket(const open_socket&) = delete;
  open_socket& operator=(const open_socket&) = delete;
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

bool connect_to(int socket, const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::memcpy(where.sun_path, path.data(), path.size());
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
}

template <class Item, class Free, class Read, class Use>
void use_pem(const std::string& text, Read read, Use use, Free release) {
  BIO* const from = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  Item* const item = read(from, nullptr, nullptr, nullptr);
  const bool is_used = item != nullptr && use(item) == 1;
  release(item);
  BIO_free(from);
  if (!is_used) throw std::runtime_error{"the certificate of the front cannot be used"};
}

}  // namespace

struct tls_front::state {
  void accept_all();
  void serve(int client);
  [[nodiscard]] bool shake(SSL* session) const;
  [[nodiscard]] bool reply(SSL* session, const char* bytes, std::size_t size);

  options with;
  std::string path;
  SSL_CTX* context = nullptr;
  int listener = -1;
  std::uint16_t port = 0;
  std::atomic<bool> stops{false};
  std::atomic<unsigned> cuts{0};
  std::atomic<unsigned> connections{0};
  std::atomic<unsigned> resumed{0};
  std::atomic<unsigned> key_updates{0};
  std::vector<std::thread> served;
  std::thread acceptor;
};

bool tls_front::state::shake(SSL* session) const {
  while (!stops) {
    const int done = SSL_accept(session);
    if (done == 1) return true;
    const int error = SSL_get_error(session, done);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
    pollfd entry{SSL_get_fd(session), POLLIN, 0};
    ::poll(&entry, 1, look_ms);
  }
  return false;
}

bool tls_front::state::reply(SSL* session, const char* bytes, std::size_t size) {
  if (with.changes_keys && SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED) == 1) ++key_updates;
  if (with.renegotiates) {
    SSL_renegotiate(session);
    SSL_do_handshake(session);
  }
  while (size > 0 && !stops) {
    std::size_t written = 0;
    const int done = SSL_write_ex(session, bytes, size, &written);
    if (done == 1) {
      bytes += written;
      size -= written;
      continue;
    }
    const int error = SSL_get_error(session, done);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
    pollfd entry{SSL_get_fd(session), POLLOUT, 0};
    ::poll(&entry, 1, look_ms);
  }
  return true;
}

void tls_front::state::serve(int client_descriptor) {
  const open_socket client{client_descriptor};
  const open_socket server{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const std::unique_ptr<SSL, session_deleter> session{SSL_new(context)};
  SSL_set_fd(session.get(), client.get());
  const unsigned before = cuts;
  if (!shake(session.get()) || !connect_to(server.get(), path)) return;
  ++connections;
  if (SSL_session_reused(session.get()) == 1) ++resumed;
  std::array<char, 65536> bytes;
  while (!stops && cuts == before) {
    std::array<pollfd, 2> entries{{{client.get(), POLLIN, 0}, {server.get(), POLLIN, 0}}};
    if (SSL_pending(session.get()) == 0) ::poll(entries.data(), entries.size(), look_ms);
    std::size_t read = 0;
    const int done = SSL_read_ex(session.get(), bytes.data(), bytes.size(), &read);
    if (done == 1) {
      if (::send(server.get(), bytes.data(), read, MSG_NOSIGNAL) != static_cast<ssize_t>(read)) {
        break;
      }
    } else if (SSL_get_error(session.get(), done) != SSL_ERROR_WANT_READ) {
      break;
    }
    const ssize_t got = ::recv(server.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got == 0) break;
    if (got > 0 && !reply(session.get(), bytes.data(), static_cast<std::size_t>(got))) break;
  }
  if (!with.leaves_in_silence) SSL_shutdown(session.get());
  SSL_set_shutdown(session.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void tls_front::state::accept_all() {
  while (!stops) {
    pollfd entry{listener, POLLIN, 0};
    if (::poll(&entry, 1, look_ms) <= 0) continue;
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) continue;
    const int on = 1;  // a small record must not wait until the one before it is acknowledged
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    served.emplace_back([this, client] { serve(client); });
  }
}

tls_front::tls_front(options with, std::string socket_path) : state_{std::make_unique<state>()} {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's sockets raise it
  state& on = *state_;
  on.with = std::move(with);
  on.path = std::move(socket_path);
  on.context = SSL_CTX_new(TLS_server_method());
  use_pem<X509>(
      on.with.own.certificate, PEM_read_bio_X509,
      [&](X509* one) { return SSL_CTX_use_certificate(on.context, one); }, X509_free);
  use_pem<EVP_PKEY>(
      on.with.own.key, PEM_read_bio_PrivateKey,
      [&](EVP_PKEY* one) { return SSL_CTX_use_PrivateKey(on.context, one); }, EVP_PKEY_free);
  SSL_CTX_set_session_id_context(on.context, reinterpret_cast<const unsigned char*>("front"), 5);
  SSL_CTX_set_mode(on.context, SSL_MODE_ENABLE_PARTIAL_WRITE);
  if (on.with.is_tls12) SSL_CTX_set_max_proto_version(on.context, TLS1_2_VERSION);
  if (on.with.is_old) {
    SSL_CTX_set_min_proto_version(on.context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(on.context, TLS1_1_VERSION);
    SSL_CTX_set_security_level(on.context, 0);
  }
  if (on.with.has_small_records) SSL_CTX_set_max_send_fragment(on.context, 512);
  on.listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  auto* const generic = reinterpret_cast<sockaddr*>(&where);
  if (on.listener < 0 || ::bind(on.listener, generic, size) != 0 ||
      ::listen(on.listener, 64) != 0 || ::getsockname(on.listener, generic, &size) != 0) {
    throw std::system_error{errno, std::generic_category(), "listen"};
  }
  on.port = ntohs(where.sin_port);
  on.acceptor = std::thread{[&on] { on.accept_all(); }};
}

tls_front::~tls_front() {
  state_->stops = true;
  state_->acceptor.join();
  for (std::thread& each : state_->served) each.join();
  ::close(state_->listener);
  SSL_CTX_free(state_->context);
}

std::uint16_t tls_front::port() const noexcept { return state_->port; }
unsigned tls_front::connections() const noexcept { return state_->connections; }
unsigned tls_front::resumed() const noexcept { return state_->resumed; }
unsigned tls_front::key_updates() const noexcept { return state_->key_updates; }
void tls_front::cut() noexcept { ++state_->cuts; }

}  // namespace drover::test
