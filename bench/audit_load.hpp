// SPDX-License-Identifier: MIT
// The traffic of an application with a cache, in a closed loop: several connections on one thread,
// each of which sends the next request as soon as it has the reply.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "resp/writer.hpp"

namespace drover::bench {

struct load_plan {
  std::uint16_t port = 0;  ///< on 127.0.0.1
  unsigned connections = 1;
  std::uint32_t keys = 1000;
  std::size_t value_size = 100;
  std::chrono::duration<double> length{1.0};
};

struct load_result {
  double per_second = 0;
  std::vector<std::uint32_t> took_ns;  ///< sorted
};

/// Of 100 requests 88 read a key, 8 store one, and 4 take or drop a lock.
class load_client {
 public:
  load_client(const load_plan& plan, std::uint64_t seed)
      : plan_{plan}, value_(plan.value_size, 'x'), random_{seed} {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(plan.port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
      throw std::runtime_error{"cannot connect"};
    }
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~load_client() { ::close(descriptor_); }
  load_client(const load_client&) = delete;
  load_client& operator=(const load_client&) = delete;

  void ask() {
    request_.clear();
    const auto random_number = random_.next();
    const auto choice = (random_number >> 32U) % 100;
    const std::string key = "user:" + std::to_string(random_number % plan_.keys);
    if (choice < 88) {
      resp::write_command(request_, {"GET", key});
    } else if (choice < 96) {
      resp::write_command(request_, {"SET", key, value_, "PX", "600000"});
    } else if (choice < 98) {
      resp::write_command(request_, {"SET", "lock:" + key, "0123456789abcdef", "NX", "PX", "1000"});
    } else {
      resp::write_command(request_, {"DEL", "lock:" + key});
    }
    sent_at_ = std::chrono::steady_clock::now();
    if (::send(descriptor_, request_.data(), request_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request_.size())) {
      throw std::runtime_error{"the server takes no more"};
    }
    got_ = 0;
  }
  /// Reads the available bytes. Returns whether the reply is complete, and its latency in
  /// `took_ns`.
  bool read_reply(std::uint32_t& took_ns) {
    const ssize_t more = ::recv(descriptor_, reply_.data() + got_, reply_.size() - got_, 0);
    if (more <= 0) throw std::runtime_error{"the connection has ended"};
    got_ += static_cast<std::size_t>(more);
    if (!is_whole({reply_.data(), got_})) return false;
    took_ns = static_cast<std::uint32_t>((std::chrono::steady_clock::now() - sent_at_).count());
    return true;
  }
  /// Sends requests whose replies are single lines, and waits for that many replies.
  void exchange(std::string_view requests, std::size_t replies) {
    while (!requests.empty()) {
      const ssize_t sent = ::send(descriptor_, requests.data(), requests.size(), MSG_NOSIGNAL);
      if (sent < 0) throw std::runtime_error{"the server takes no more"};
      requests.remove_prefix(static_cast<std::size_t>(sent));
    }
    while (replies > 0) {
      const ssize_t more = ::recv(descriptor_, reply_.data(), reply_.size(), 0);
      if (more <= 0) throw std::runtime_error{"the connection has ended"};
      replies -= static_cast<std::size_t>(
          std::count(reply_.data(), reply_.data() + static_cast<std::size_t>(more), '\n'));
    }
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  [[nodiscard]] static bool is_whole(std::string_view reply) {
    const auto line = reply.find("\r\n");
    if (line == std::string_view::npos) return false;
    if (reply.front() == '-') throw std::runtime_error{std::string{reply}};
    if (reply.front() != '$' || reply[1] == '-') return true;
    const auto size = static_cast<std::size_t>(std::atoll(reply.data() + 1));
    return reply.size() >= line + 2 + size + 2;
  }

  const load_plan& plan_;
  std::string value_;
  base::seeded_random random_;
  int descriptor_ = -1;
  std::string request_;
  std::array<char, 65536> reply_{};
  std::size_t got_ = 0;
  std::chrono::steady_clock::time_point sent_at_;
};

inline load_result run_load(const load_plan& plan) {
  std::vector<std::unique_ptr<load_client>> clients;
  const int watch = ::epoll_create1(EPOLL_CLOEXEC);
  for (unsigned i = 0; i < plan.connections; ++i) {
    clients.push_back(std::make_unique<load_client>(plan, i + 1));
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.u32 = i;
    ::epoll_ctl(watch, EPOLL_CTL_ADD, clients.back()->descriptor(), &interest);
  }
  load_result out;
  out.took_ns.reserve(1U << 20U);
  const auto begun = std::chrono::steady_clock::now();
  for (auto& client : clients) client->ask();
  std::array<epoll_event, 64> events{};
  auto now = begun;
  for (; now - begun < plan.length; now = std::chrono::steady_clock::now()) {
    const int count = ::epoll_wait(watch, events.data(), static_cast<int>(events.size()), 10000);
    if (count == 0) throw std::runtime_error{"no answer for ten seconds"};
    for (int i = 0; i < count; ++i) {
      load_client& client = *clients[events[static_cast<std::size_t>(i)].data.u32];
      std::uint32_t took_ns = 0;
      if (!client.read_reply(took_ns)) continue;
      out.took_ns.push_back(took_ns);
      client.ask();
    }
  }
  ::close(watch);
  out.per_second =
      static_cast<double>(out.took_ns.size()) / std::chrono::duration<double>(now - begun).count();
  std::sort(out.took_ns.begin(), out.took_ns.end());
  return out;
}

}  // namespace drover::bench
