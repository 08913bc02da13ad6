// SPDX-License-Identifier: MIT
#include "connection/socket_io.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "connection/channel.hpp"
#include "connection/moments.hpp"

namespace drover::connection {
namespace {

// A peer that acknowledges nothing, or answers no keep-alive, for this long is gone.
constexpr unsigned user_timeout_ms = 1000;
constexpr int keep_alive_idle_s = 15;
constexpr int keep_alive_interval_s = 5;
constexpr int keep_alive_probes = 3;

template <class Sockaddr>
address as_address(const Sockaddr& from, std::size_t size) {
  address out{reinterpret_cast<const sockaddr&>(from).sa_family, std::string(size, '\0')};
  std::memcpy(out.bytes.data(), &from, size);
  return out;
}

template <class Value>
void set_option(int descriptor, int level, int name, Value value) noexcept {
  static_cast<void>(::setsockopt(descriptor, level, name, &value, sizeof value));
}

transfer as_transfer(ssize_t moved) noexcept {
  if (moved > 0) return {transfer_status::moved, static_cast<std::size_t>(moved)};
  if (moved < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return {transfer_status::would_block, 0};
  return {transfer_status::ended, 0};
}

// Runs a system call that does not wait.
template <class Call>
ssize_t again_if_interrupted(Call call) noexcept {
  ssize_t moved = 0;
  do {
    moved = call();
  } while (moved < 0 && errno == EINTR);
  return moved;
}

}  // namespace

std::optional<address> unix_address(const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.size() >= sizeof where.sun_path) return std::nullopt;
  std::memcpy(where.sun_path, path.data(), path.size());
  return as_address(where, sizeof where);
}

std::optional<address> numeric_address(const std::string& host, std::uint16_t port) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) return as_address(four, sizeof four);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  if (::inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) == 1) return as_address(six, sizeof six);
  return std::nullopt;
}

std::vector<address> look_up_addresses(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned{list, &::freeaddrinfo};
  std::vector<address> out;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    out.push_back({at->ai_family, std::string(at->ai_addrlen, '\0')});
    std::memcpy(out.back().bytes.data(), at->ai_addr, at->ai_addrlen);
  }
  return out;
}

stream_socket::~stream_socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

stream_socket::stream_socket(stream_socket&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)} {}

stream_socket& stream_socket::operator=(stream_socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

stream_socket stream_socket::connecting_to(const address& where, std::error_code& error) {
  error.clear();
  stream_socket out{::socket(where.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!out.is_open()) {
    error.assign(errno, std::generic_category());
    return out;
  }
  if (where.family != AF_UNIX) {
    set_option(out.descriptor_, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(out.descriptor_, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout_ms);
    set_option(out.descriptor_, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(out.descriptor_, IPPROTO_TCP, TCP_KEEPIDLE, keep_alive_idle_s);
    set_option(out.descriptor_, IPPROTO_TCP, TCP_KEEPINTVL, keep_alive_interval_s);
    set_option(out.descriptor_, IPPROTO_TCP, TCP_KEEPCNT, keep_alive_probes);
  }
  const auto* const target = reinterpret_cast<const sockaddr*>(where.bytes.data());
  const int failed = ::connect(out.descriptor_, target, static_cast<socklen_t>(where.bytes.size()));
  if (failed == 0 || errno == EINPROGRESS) return out;
  // A unix socket whose backlog is full answers EAGAIN and will never become writable.
  error.assign(errno, std::generic_category());
  return {};
}

std::error_code stream_socket::connect_error() const noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return {error, std::generic_category()};
}

void stream_socket::begin_traffic(milliseconds wait_max) noexcept {
  const int flags = ::fcntl(descriptor_, F_GETFL);
  ::fcntl(descriptor_, F_SETFL, flags & ~O_NONBLOCK);
  wait_max = std::max(wait_max, milliseconds{1});  // zero would mean no limit
  set_option(descriptor_, SOL_SOCKET, SO_RCVTIMEO,
             timeval{static_cast<time_t>(wait_max.count() / 1000),
                     static_cast<suseconds_t>(wait_max.count() % 1000 * 1000)});
}

transfer stream_socket::send(std::string_view bytes) const noexcept {
  return as_transfer(again_if_interrupted([&] {
    return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }));
}

transfer stream_socket::receive(std::span<char> into) const noexcept {
  return as_transfer(again_if_interrupted(
      [&] { return ::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT); }));
}

transfer stream_socket::receive_or_wait(std::span<char> into) const noexcept {
  const ssize_t moved = ::recv(descriptor_, into.data(), into.size(), 0);
  // A retry here would restart the time limit at every signal.
  if (moved < 0 && errno == EINTR) return {transfer_status::would_block, 0};
  return as_transfer(moved);
}

void stream_socket::hang_up() const noexcept { ::shutdown(descriptor_, SHUT_RDWR); }

bell::bell() : descriptor_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (descriptor_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

bell::~bell() { ::close(descriptor_); }

void bell::ring() const noexcept {
  const std::uint64_t increment = 1;
  static_cast<void>(
      again_if_interrupted([&] { return ::write(descriptor_, &increment, sizeof increment); }));
}

void bell::hush() const noexcept {
  std::uint64_t rung = 0;
  static_cast<void>(again_if_interrupted([&] { return ::read(descriptor_, &rung, sizeof rung); }));
}

namespace {

// POLLRDHUP alone wakes a thread for a closing peer, but not for data that a caller reads.
pollfd entry_of(const stream_socket* socket, readiness interest) noexcept {
  const int events = (interest.input ? POLLIN : 0) | (interest.output ? POLLOUT : 0) |
                     (interest.input || interest.hang_up ? POLLRDHUP : 0);
  return {socket == nullptr ? -1 : socket->descriptor(), static_cast<short>(events), 0};
}

readiness readiness_of(const pollfd& entry, readiness interest) noexcept {
  readiness out;
  out.hang_up = (entry.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
  out.input = (entry.revents & POLLIN) != 0 || (interest.input && out.hang_up);
  out.output = (entry.revents & POLLOUT) != 0 || (interest.output && out.hang_up);
  return out;
}

timespec time_left(steady_time until) noexcept {
  const auto left = std::max<std::int64_t>(between(now(), until).count(), 0);
  return {static_cast<time_t>(left / 1'000'000), static_cast<long>(left % 1'000'000) * 1000};
}

}  // namespace

void wait_for_any(const bell& wake, std::span<watched_socket> sockets, steady_time until) noexcept {
  std::array<pollfd, 33> entries{};
  const std::size_t count = std::min(entries.size() - 1, sockets.size());
  for (std::size_t i = 0; i < count; ++i) {
    entries[i] = entry_of(sockets[i].socket, sockets[i].interest);
  }
  entries[count] = {wake.descriptor(), POLLIN, 0};
  const timespec wait = time_left(until);
  const bool is_any = ::ppoll(entries.data(), count + 1, &wait, nullptr) > 0;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    sockets[i].came = {};
    if (is_any && i < count) sockets[i].came = readiness_of(entries[i], sockets[i].interest);
  }
}

readiness wait_for(const bell& wake, const stream_socket* socket, readiness interest,
                   std::optional<steady_time> until) noexcept {
  std::array<pollfd, 2> entries{};
  entries[0] = {wake.descriptor(), POLLIN, 0};
  entries[1] = entry_of(socket, interest);
  const nfds_t count = socket == nullptr ? 1 : 2;
  timespec wait{};
  if (until) wait = time_left(*until);
  if (::ppoll(entries.data(), count, until ? &wait : nullptr, nullptr) <= 0) return {};
  return readiness_of(entries[1], interest);
}

}  // namespace drover::connection
