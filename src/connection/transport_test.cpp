// SPDX-License-Identifier: MIT
// A transport with a session that changes nothing, so that each of its steps can be decided.
#include "connection/transport.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace drover::connection::transport_test {
namespace {

/// A session that passes all bytes on.
class open_session final : public tls_session {
 public:
  step shake(std::string& /*sealed*/) noexcept override { return {status::moved, 0}; }
  step seal(std::string_view plain, std::string& sealed) noexcept override {
    sealed += plain;
    return {status::moved, plain.size()};
  }
  [[nodiscard]] bool writer_wants_input() const noexcept override { return false; }
  void feed(std::string_view /*sealed*/) noexcept override {}
  void feed_end() noexcept override {}
  step open(std::span<char> /*into*/) noexcept override { return {status::wants_input, 0}; }
  [[nodiscard]] bool has_input() const noexcept override { return false; }
  void close(std::string& /*sealed*/) noexcept override {}
  [[nodiscard]] const fault& why() const noexcept override { return why_; }
  [[nodiscard]] bool is_resumed() const noexcept override { return false; }

 private:
  fault why_{fault_code::unreachable, ""};
};

/// A connected socket, and the descriptor of its peer.
std::pair<stream_socket, int> connected_pair() {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;  // without a name: the system chooses one
  const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socklen_t size = sizeof where.sun_family;
  auto* const generic = reinterpret_cast<sockaddr*>(&where);
  EXPECT_EQ(::bind(listening, generic, size), 0);
  EXPECT_EQ(::listen(listening, 1), 0);
  size = sizeof where;
  EXPECT_EQ(::getsockname(listening, generic, &size), 0);
  std::error_code error;
  stream_socket socket = stream_socket::connecting_to(
      {AF_UNIX, std::string{reinterpret_cast<const char*>(&where), size}}, error);
  EXPECT_FALSE(error) << error.message();
  const int peer = ::accept(listening, nullptr, nullptr);
  ::close(listening);
  return {std::move(socket), peer};
}

// The rest of a request must not be counted for the next one when its connection has ended.
TEST(transport, ThatHasEndedCountsNothingForTheNextRequest) {
  auto [socket, peer] = connected_pair();
  transport on{std::move(socket)};
  on.protect(std::make_unique<open_session>());
  EXPECT_EQ(on.send("first").bytes, 5U);
  ::close(peer);
  EXPECT_EQ(on.send("a long request").status, transfer_status::ended);
  const transfer next = on.send("x");
  EXPECT_EQ(next.status, transfer_status::ended);
  EXPECT_EQ(next.bytes, 0U);
}

// A full socket takes a part. The request is reported once, when all of it has left.
TEST(transport, ReportsARequestWhenAllOfItHasLeft) {
  auto [socket, peer] = connected_pair();
  transport on{std::move(socket)};
  on.protect(std::make_unique<open_session>());
  const std::string big(std::size_t{8} << 20U, 'b');
  EXPECT_EQ(on.send(big).status, transfer_status::would_block);
  std::string got;
  std::string buffer(std::size_t{64} << 10U, '\0');
  std::size_t reported = 0;
  while (reported == 0) {
    const ssize_t read = ::recv(peer, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (read > 0) got.append(buffer, 0, static_cast<std::size_t>(read));
    const transfer more = on.send(big);
    ASSERT_NE(more.status, transfer_status::ended);
    reported = more.bytes;
  }
  EXPECT_EQ(reported, big.size());
  for (ssize_t read = 1; read > 0;) {
    read = ::recv(peer, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (read > 0) got.append(buffer, 0, static_cast<std::size_t>(read));
  }
  EXPECT_EQ(got.size(), big.size());
  ::close(peer);
}

}  // namespace
}  // namespace drover::connection::transport_test
