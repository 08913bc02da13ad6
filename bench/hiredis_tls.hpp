// SPDX-License-Identifier: MIT
// A blocking connection with TLS for one thread, as hiredis 1.x makes it with libhiredis_ssl, which
// Debian 12 does not have: hiredis writes the request and reads the reply, OpenSSL is in between on
// a blocking socket.
#pragma once

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

namespace drover::bench {

/// Any failure aborts.
class hiredis_over_tls {
 public:
  hiredis_over_tls(std::uint16_t port, const std::string& ca_file)
      : context_{SSL_CTX_new(TLS_client_method()), SSL_CTX_free},
        socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    require(SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr) == 1);
    require(::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
    session_ = {SSL_new(context_.get()), SSL_free};
    SSL_set_fd(session_.get(), socket_);
    require(SSL_connect(session_.get()) == 1);
  }
  ~hiredis_over_tls() { ::close(socket_); }
  hiredis_over_tls(const hiredis_over_tls&) = delete;
  hiredis_over_tls& operator=(const hiredis_over_tls&) = delete;

  [[nodiscard]] std::string get(const std::string& key) {
    char* request = nullptr;
    const int size = redisFormatCommand(&request, "GET %b", key.data(), key.size());
    require(SSL_write(session_.get(), request, size) == size);
    redisFreeCommand(request);
    void* reply = nullptr;
    while (reply == nullptr) {
      const int got = SSL_read(session_.get(), buffer_.data(), static_cast<int>(buffer_.size()));
      require(got > 0);
      require(redisReaderFeed(reader_.get(), buffer_.data(), static_cast<std::size_t>(got)) ==
              REDIS_OK);
      require(redisReaderGetReply(reader_.get(), &reply) == REDIS_OK);
    }
    const auto* const text = static_cast<const redisReply*>(reply);
    std::string out{text->str, text->len};
    freeReplyObject(reply);
    return out;
  }

 private:
  static void require(bool holds) {
    if (!holds) std::abort();
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  int socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> session_{nullptr, SSL_free};
  std::unique_ptr<redisReader, void (*)(redisReader*)> reader_{redisReaderCreate(),
                                                               redisReaderFree};
  std::array<char, 16384> buffer_{};
};

}  // namespace drover::bench
