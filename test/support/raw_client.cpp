// SPDX-License-Identifier: MIT
#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "resp/writer.hpp"

namespace drover::test {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds silence_max = std::chrono::seconds{10};

[[noreturn]] void fail(const std::string& call) {
  throw std::runtime_error{"raw_client: " + call + ": " + std::strerror(errno)};
}

int connected(int family, const sockaddr* address, socklen_t size) {
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  if (::connect(descriptor, address, size) != 0) {
    const int why = errno;
    ::close(descriptor);
    errno = why;
    fail("connect");
  }
  return descriptor;
}

std::span<const std::string_view> as_span(std::initializer_list<std::string_view> list) {
  return {list.begin(), list.size()};
}

}  // namespace

raw_client raw_client::over_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error{"socket path too long"};
  path.copy(address.sun_path, path.size());
  return raw_client{
      connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address)};
}

raw_client raw_client::over_tcp(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int descriptor =
      connected(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return raw_client{descriptor};
}

raw_client::raw_client(raw_client&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)},
      reader_{std::move(other.reader_)},
      partial_{std::move(other.partial_)},
      unread_{std::move(other.unread_)},
      replies_{std::move(other.replies_)},
      pushes_{std::move(other.pushes_)} {}

raw_client& raw_client::operator=(raw_client&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(reader_, other.reader_);
  std::swap(partial_, other.partial_);
  std::swap(unread_, other.unread_);
  std::swap(replies_, other.replies_);
  std::swap(pushes_, other.pushes_);
  return *this;
}

raw_client::~raw_client() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void raw_client::send_command(std::span<const std::string_view> arguments) {
  std::string bytes;
  resp::write_command(bytes, arguments);
  send(bytes);
}

void raw_client::send_command(std::initializer_list<std::string_view> arguments) {
  send_command(as_span(arguments));
}

bool raw_client::read_one(milliseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  for (;;) {
    const resp::reader::step step = reader_.read(unread_, partial_);
    unread_.erase(0, step.consumed);
    if (step.status == resp::reader::status::broken) {
      throw std::runtime_error{"raw_client: " + std::string{reader_.error()}};
    }
    if (step.status == resp::reader::status::complete) {
      const bool is_push = partial_.root().kind() == resp::type::push;
      (is_push ? pushes_ : replies_).push_back(std::exchange(partial_, {}));
      return true;
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd input{.fd = descriptor_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&input, 1, left.count() < 0 ? 0 : static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) fail("poll");
    if (ready == 0) return false;
    std::array<char, 16384> buffer;
    const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("recv");
    if (got == 0) throw std::runtime_error{"raw_client: the server closed the connection"};
    unread_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

resp::message raw_client::read_reply() {
  while (replies_.empty()) {
    if (!read_one(silence_max)) throw std::runtime_error{"raw_client: no reply"};
  }
  resp::message reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

std::vector<resp::message> raw_client::read_replies(std::size_t count) {
  std::vector<resp::message> replies;
  while (replies.size() < count) replies.push_back(read_reply());
  return replies;
}

std::optional<resp::message> raw_client::read_push(milliseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (pushes_.empty()) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (!read_one(left) && pushes_.empty()) return std::nullopt;
  }
  resp::message push = std::move(pushes_.front());
  pushes_.pop_front();
  return push;
}

std::vector<resp::message> raw_client::pushes_so_far() {
  static_cast<void>(command({"PING"}));
  std::vector<resp::message> pushes;
  while (!pushes_.empty()) {
    pushes.push_back(std::move(pushes_.front()));
    pushes_.pop_front();
  }
  return pushes;
}

resp::message raw_client::command(std::span<const std::string_view> arguments) {
  send_command(arguments);
  return read_reply();
}

resp::message raw_client::command(std::initializer_list<std::string_view> arguments) {
  return command(as_span(arguments));
}

std::uint64_t raw_client::client_id() {
  return static_cast<std::uint64_t>(command({"CLIENT", "ID"}).root().integer());
}

}  // namespace drover::test
