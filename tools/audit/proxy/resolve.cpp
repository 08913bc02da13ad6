// SPDX-License-Identifier: MIT
#include "audit/proxy/resolve.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace drover::audit {
namespace {

constexpr std::chrono::milliseconds connect_max = std::chrono::seconds{5};

class descriptor {
 public:
  explicit descriptor(int socket) noexcept : socket_{socket} {}
  ~descriptor() {
    if (socket_ >= 0) ::close(socket_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return socket_; }

 private:
  int socket_;
};

socklen_t size_of(const sockaddr_storage& at) noexcept {
  return at.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

int start_connecting(int socket, const resolved_address& at) noexcept {
  if (!at.is_unix()) return ::connect(socket, at.socket_address(), size_of(at.tcp));
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  at.path.copy(local.sun_path, sizeof local.sun_path - 1);
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&local), sizeof local);
}

/// 0, or the error of the connection attempt.
int try_to_connect(const resolved_address& at) noexcept {
  const int family = at.is_unix() ? AF_UNIX : at.tcp.ss_family;
  const descriptor socket{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (socket.get() < 0) return errno;
  if (start_connecting(socket.get(), at) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd watched{socket.get(), POLLOUT, 0};
  if (::poll(&watched, 1, static_cast<int>(connect_max.count())) != 1) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

result<std::vector<resolved_address>> resolve(const address& target) {
  if (target.is_unix()) return std::vector{resolved_address{{}, target.path}};
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const std::string port = std::to_string(target.port);
  const int failed = getaddrinfo(target.host.c_str(), port.c_str(), &hints, &raw);
  if (failed != 0) {
    return fault{fault_code::unreachable,
                 "cannot resolve the host of " + describe(target) + ": " + gai_strerror(failed)};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list{raw, freeaddrinfo};
  std::vector<resolved_address> out;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    resolved_address resolved;
    std::memcpy(&resolved.tcp, entry->ai_addr, entry->ai_addrlen);
    out.push_back(std::move(resolved));
  }
  return out;
}

result<resolved_address> reach(const address& server) {
  auto candidates = resolve(server);
  if (!candidates) return candidates.error();
  int error_code = 0;
  for (resolved_address& candidate : *candidates) {
    error_code = try_to_connect(candidate);
    if (error_code == 0) return std::move(candidate);
  }
  return fault{fault_code::unreachable, "the server at " + describe(server) +
                                            " cannot be reached: " + std::strerror(error_code)};
}

bool is_loopback(const resolved_address& at) noexcept {
  if (at.is_unix()) return true;
  if (at.tcp.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(at.tcp);
    return (ntohl(four.sin_addr.s_addr) >> 24U) == 127;
  }
  const auto& six = reinterpret_cast<const sockaddr_in6&>(at.tcp);
  return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) ||
         (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) && six.sin6_addr.s6_addr[12] == 127);
}

}  // namespace drover::audit
