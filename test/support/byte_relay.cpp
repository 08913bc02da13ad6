// SPDX-License-Identifier: MIT
#include "support/byte_relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

namespace drover::test {
namespace relayed {

class descriptor {
 public:
  explicit descriptor(int number) noexcept : number_{number} {}
  descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

/// One direction of a connection.
struct direction {
  int from = -1;
  int to = -1;
  std::uint64_t passed = 0;
  std::uint64_t cut_after = byte_relay::never;
  std::uint64_t damage_at = byte_relay::never;
};

}  // namespace relayed

namespace {

using relayed::descriptor;
using relayed::direction;

constexpr int look_ms = 5;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

descriptor tcp_socket() {
  descriptor out{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (out.get() < 0) throw std::system_error{errno, std::generic_category(), "socket"};
  const int on = 1;
  ::setsockopt(out.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return out;
}

bool send_all(int to, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(to, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

struct byte_relay::state {
  struct pair {
    descriptor client;
    descriptor server;
    direction requests{};
    direction replies{};
    bool over = false;
  };

  void run();
  void accept_one();
  bool pass(direction& on, std::size_t at_most);

  descriptor listener{tcp_socket()};
  std::uint16_t port = 0;
  std::atomic<std::uint16_t> to{0};
  std::atomic<std::uint64_t> cut_from_server{never};
  std::atomic<std::uint64_t> cut_to_server{never};
  std::atomic<std::uint64_t> damage_at{never};
  std::atomic<std::size_t> slice{65536};
  std::atomic<bool> holds{false};
  std::atomic<bool> cuts{false};
  std::atomic<bool> stops{false};
  std::atomic<unsigned> connections{0};
  std::atomic<std::uint64_t> from_server{0};
  std::vector<std::unique_ptr<pair>> pairs;
  std::thread runner;
};

void byte_relay::state::accept_one() {
  descriptor client{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (client.get() < 0) return;
  ++connections;
  descriptor server = tcp_socket();
  const sockaddr_in where = loopback(to);
  if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) return;
  auto made = std::make_unique<pair>(pair{std::move(client), std::move(server)});
  made->requests = {made->client.get(), made->server.get(), 0, cut_to_server, never};
  made->replies = {made->server.get(), made->client.get(), 0, cut_from_server, damage_at};
  pairs.push_back(std::move(made));
}

// False: the connection is over.
bool byte_relay::state::pass(direction& on, std::size_t at_most) {
  std::array<char, 65536> bytes;
  if (on.passed >= on.cut_after) return false;
  at_most = std::min({at_most, bytes.size(),
                      static_cast<std::size_t>(std::min<std::uint64_t>(
                          on.cut_after - on.passed, std::uint64_t{bytes.size()}))});
  const ssize_t got = ::recv(on.from, bytes.data(), at_most, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) return false;
  const auto size = static_cast<std::size_t>(got);
  if (on.damage_at >= on.passed && on.damage_at - on.passed < size) {
    char& damaged = bytes[static_cast<std::size_t>(on.damage_at - on.passed)];
    damaged = static_cast<char>(damaged ^ 0x20);
  }
  on.passed += size;
  return send_all(on.to, bytes.data(), size) && on.passed < on.cut_after;
}

void byte_relay::state::run() {
  while (!stops) {
    std::vector<pollfd> entries{{listener.get(), POLLIN, 0}};
    const bool idle = holds;
    for (const auto& each : pairs) {
      entries.push_back({idle ? -1 : each->client.get(), POLLIN, 0});
      entries.push_back({idle ? -1 : each->server.get(), POLLIN, 0});
    }
    ::poll(entries.data(), entries.size(), look_ms);
    if (cuts.exchange(false)) {
      pairs.clear();
      continue;
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      pair& on = *pairs[i];
      if (entries[1 + 2 * i].revents != 0) on.over = !pass(on.requests, 65536);
      if (on.over || entries[2 + 2 * i].revents == 0) continue;
      const std::uint64_t before = on.replies.passed;
      on.over = !pass(on.replies, slice);
      from_server += on.replies.passed - before;
    }
    std::erase_if(pairs, [](const auto& each) { return each->over; });
    if (entries[0].revents != 0) accept_one();
  }
}

byte_relay::byte_relay(std::uint16_t to) : state_{std::make_unique<state>()} {
  sockaddr_in where = loopback(0);
  socklen_t size = sizeof where;
  auto* const generic = reinterpret_cast<sockaddr*>(&where);
  if (::bind(state_->listener.get(), generic, size) != 0 ||
      ::listen(state_->listener.get(), 64) != 0 ||
      ::getsockname(state_->listener.get(), generic, &size) != 0) {
    throw std::system_error{errno, std::generic_category(), "listen"};
  }
  state_->port = ntohs(where.sin_port);
  state_->to = to;
  state_->runner = std::thread{[on = state_.get()] { on->run(); }};
}

byte_relay::~byte_relay() {
  state_->stops = true;
  state_->runner.join();
}

std::uint16_t byte_relay::port() const noexcept { return state_->port; }
void byte_relay::lead_to(std::uint16_t port) noexcept { state_->to = port; }
void byte_relay::cut_from_server_after(std::uint64_t bytes) noexcept {
  state_->cut_from_server = bytes;
}
void byte_relay::cut_to_server_after(std::uint64_t bytes) noexcept {
  state_->cut_to_server = bytes;
}
void byte_relay::damage_from_server_at(std::uint64_t byte) noexcept { state_->damage_at = byte; }
void byte_relay::slice(std::size_t bytes) noexcept { state_->slice = bytes; }
void byte_relay::hold(bool holds) noexcept { state_->holds = holds; }
void byte_relay::cut_now() noexcept { state_->cuts = true; }
unsigned byte_relay::connections() const noexcept { return state_->connections; }
std::uint64_t byte_relay::bytes_from_server() const noexcept { return state_->from_server; }

}  // namespace drover::test
