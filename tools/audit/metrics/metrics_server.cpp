// SPDX-License-Identifier: MIT
#include "audit/metrics/metrics_server.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "audit/metrics/request_head.hpp"
#include "audit/proxy/resolve.hpp"
#include "base/assert.hpp"

namespace drover::audit {
namespace {

using steady = std::chrono::steady_clock;

constexpr int scrapers_waiting_max = 64;
/// The pause after a failed accept, for example without free descriptors.
constexpr auto accept_pause = std::chrono::milliseconds{200};

bool is_to_be_tried_again(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

/// One client: its request, then the reply, then the client's end.
class metrics_server::connection {
 public:
  connection(int descriptor, steady::time_point deadline)
      : descriptor_{descriptor}, deadline_{deadline} {}
  ~connection() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  connection(connection&& other) noexcept
      : descriptor_{std::exchange(other.descriptor_, -1)},
        deadline_{other.deadline_},
        request_{std::move(other.request_)},
        reply_{std::move(other.reply_)},
        is_answered_{other.is_answered_} {}
  connection& operator=(connection&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    deadline_ = other.deadline_;
    request_ = std::move(other.request_);
    reply_ = std::move(other.reply_);
    is_answered_ = other.is_answered_;
    return *this;
  }

  [[nodiscard]] pollfd interest() const noexcept {
    return {descriptor_, static_cast<short>(reply_.empty() ? POLLIN : POLLOUT), 0};
  }
  [[nodiscard]] steady::time_point deadline() const noexcept { return deadline_; }

  /// Reads or writes what is possible. False: the connection has ended.
  [[nodiscard]] bool proceed(const std::function<std::string()>& text) {
    if (!reply_.empty()) return write();
    std::array<char, 4096> buffer{};
    const ssize_t size = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (size < 0) return is_to_be_tried_again(errno);
    if (size == 0) return false;
    if (is_answered_) return true;  // what follows the request is read until the client ends
    const auto state = request_.add({buffer.data(), static_cast<std::size_t>(size)});
    if (state == request_head::state::incomplete) return true;
    is_answered_ = true;
    const bool is_scrape = state == request_head::state::complete && request_.path() == "/metrics";
    reply_ = reply_to(request_, state, is_scrape ? text() : std::string{});
    return write();
  }

 private:
  bool write() {
    const ssize_t size = ::send(descriptor_, reply_.data(), reply_.size(), MSG_NOSIGNAL);
    if (size < 0) return is_to_be_tried_again(errno);
    reply_.erase(0, static_cast<std::size_t>(size));
    // A close with unread bytes would be a reset, which could destroy the reply on its way.
    return !reply_.empty() || ::shutdown(descriptor_, SHUT_WR) == 0;
  }

  int descriptor_;
  steady::time_point deadline_;
  request_head request_;
  std::string reply_;
  bool is_answered_ = false;
};

metrics_server::metrics_server(metrics_server_settings settings) : settings_{std::move(settings)} {}

metrics_server::~metrics_server() {
  stop();
  if (listener_ >= 0) ::close(listener_);
  if (stopping_ >= 0) ::close(stopping_);
}

result<address> metrics_server::listen() {
  const auto failed = [this](const std::string& why) {
    return fault{fault_code::unreachable,
                 "cannot listen at " + describe(settings_.listen) + ": " + why};
  };
  if (settings_.listen.is_unix()) return failed("it must be HOST:PORT or PORT");
  const auto addresses = resolve(settings_.listen);
  if (!addresses) return addresses.error();
  const resolved_address& at = addresses->front();
  is_public_ = !is_loopback(at);
  listener_ = ::socket(at.tcp.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  stopping_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const int on = 1;
  const socklen_t size = at.tcp.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (listener_ < 0 || stopping_ < 0 ||
      ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(listener_, at.socket_address(), size) != 0 ||
      ::listen(listener_, scrapers_waiting_max) != 0) {
    return failed(std::strerror(errno));
  }
  sockaddr_storage bound{};
  socklen_t bound_size = sizeof bound;
  if (::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &bound_size) != 0) {
    return failed(std::strerror(errno));
  }
  address actual = settings_.listen;
  actual.port =
      ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                        : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
  return actual;
}

void metrics_server::start() {
  DROVER_ASSERT(listener_ >= 0 && !thread_.joinable());
  thread_ = std::thread{[this] { run(); }};
}

void metrics_server::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stopping_, &one, sizeof one));
  thread_.join();
  ::close(std::exchange(listener_, -1));  // also ends clients that were not accepted yet
}

void metrics_server::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::vector<pollfd> watched;
  for (;;) {
    const bool has_room = connections_.size() < settings_.connections_max;
    watched.assign({{stopping_, POLLIN, 0}, {has_room ? listener_ : -1, POLLIN, 0}});
    auto wake = steady::time_point::max();
    for (const connection& client : connections_) {
      watched.push_back(client.interest());
      wake = std::min(wake, client.deadline());
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake - steady::now());
    const int timeout = connections_.empty()
                            ? -1
                            : static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    static_cast<void>(::poll(watched.data(), watched.size(), timeout));
    if (watched[0].revents != 0) break;
    const auto now = steady::now();
    std::size_t at = 2;
    std::erase_if(connections_, [&](connection& client) {
      const bool is_ready = watched[at++].revents != 0;
      return client.deadline() <= now || (is_ready && !client.proceed(settings_.text));
    });
    if (watched[1].revents != 0) accept_all();
  }
  connections_.clear();
}

void metrics_server::accept_all() {
  while (connections_.size() < settings_.connections_max) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (!is_to_be_tried_again(errno) && errno != ECONNABORTED) {
        std::this_thread::sleep_for(accept_pause);
      }
      return;
    }
    connections_.emplace_back(descriptor, steady::now() + settings_.patience);
  }
}

}  // namespace drover::audit
