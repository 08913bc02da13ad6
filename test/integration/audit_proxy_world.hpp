// SPDX-License-Identifier: MIT
// Helpers for tests of the proxy: plain sockets that wait at most ten seconds, and a server that
// sends given bytes.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "audit/capture/capture.hpp"
#include "audit/proxy/proxy.hpp"

namespace drover::test {

/// Throws when a system call fails. Ends and resets by the peer are results, not exceptions.
class plain_socket {
 public:
  explicit plain_socket(int held) : held_{held} {
    if (held < 0) throw std::system_error{errno, std::generic_category(), "socket"};
    const timeval wait{10, 0};
    setsockopt(held_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(held_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    const int on = 1;
    setsockopt(held_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  plain_socket(plain_socket&& from) noexcept : held_{std::exchange(from.held_, -1)} {}
  plain_socket& operator=(plain_socket&& from) noexcept {
    std::swap(held_, from.held_);
    return *this;
  }
  ~plain_socket() { close(); }

  [[nodiscard]] static plain_socket connect(const audit::address& at) {
    plain_socket out{::socket(at.is_unix() ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un local{};
    sockaddr_in tcp{};
    const sockaddr* where = nullptr;
    socklen_t size = 0;
    if (at.is_unix()) {
      local.sun_family = AF_UNIX;
      at.path.copy(local.sun_path, sizeof local.sun_path - 1);
      where = reinterpret_cast<const sockaddr*>(&local);
      size = sizeof local;
    } else {
      tcp.sin_family = AF_INET;
      tcp.sin_port = htons(at.port);
      inet_pton(AF_INET, at.host.c_str(), &tcp.sin_addr);
      where = reinterpret_cast<const sockaddr*>(&tcp);
      size = sizeof tcp;
    }
    if (::connect(out.held_, where, size) != 0) {
      throw std::system_error{errno, std::generic_category(), "connect"};
    }
    return out;
  }

  /// Sends the bytes. False when the peer accepts no more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(held_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Sends as much as the kernel accepts without waiting. Returns the number of bytes.
  std::size_t send_some(std::string_view bytes) {
    const ssize_t sent = ::send(held_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }

  struct read_result {
    std::string bytes;
    int error = 0;  ///< errno; ECONNRESET for a reset, EAGAIN for ten silent seconds
    bool ended = false;
  };
  /// Reads until `count` bytes have come, or the end.
  read_result read(std::size_t count) {
    read_result out;
    std::array<char, 65536> buffer{};
    while (out.bytes.size() < count) {
      const std::size_t most = std::min(buffer.size(), count - out.bytes.size());
      const ssize_t got = ::recv(held_, buffer.data(), most, 0);
      if (got < 0) out.error = errno;
      out.ended = got == 0;
      if (got <= 0) break;
      out.bytes.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return out;
  }
  /// Reads the available bytes, at least one. Empty at the end.
  std::string read_some() {
    std::string out(65536, '\0');
    const ssize_t got = ::recv(held_, out.data(), out.size(), 0);
    out.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return out;
  }
  read_result read_to_end() { return read(static_cast<std::size_t>(-1)); }

  void end_sending() { ::shutdown(held_, SHUT_WR); }
  void close() {
    if (held_ >= 0) ::close(held_);
    held_ = -1;
  }
  /// Closes the connection so that the peer gets a reset.
  void reset() {
    const linger at_once{1, 0};
    setsockopt(held_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  [[nodiscard]] int descriptor() const noexcept { return held_; }

 private:
  int held_;
};

/// Listens on 127.0.0.1 and accepts connections.
class plain_listener {
 public:
  plain_listener() : held_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    at_.port = 0;
    sockaddr_in tcp{};
    tcp.sin_family = AF_INET;
    tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof tcp;
    auto* raw = reinterpret_cast<sockaddr*>(&tcp);
    if (::bind(held_.descriptor(), raw, size) != 0 || ::listen(held_.descriptor(), 16) != 0 ||
        ::getsockname(held_.descriptor(), raw, &size) != 0) {
      throw std::system_error{errno, std::generic_category(), "listen"};
    }
    at_.port = ntohs(tcp.sin_port);
  }

  [[nodiscard]] const audit::address& at() const noexcept { return at_; }
  /// The next connection. Throws after ten silent seconds.
  [[nodiscard]] plain_socket accept() {
    return plain_socket{::accept4(held_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC)};
  }
  void close() { held_.close(); }

 private:
  audit::address at_;
  plain_socket held_;
};

/// A proxy and the lines that it printed.
class spoken_proxy {
 public:
  explicit spoken_proxy(audit::proxy_settings with, audit::tap_maker* watch = nullptr)
      : inner{[&] {
                with.say = [this](const std::string& line) {
                  const std::lock_guard lock{mutex_};
                  lines_.push_back(line);
                  came_.notify_all();
                };
                return std::move(with);
              }(),
              watch} {
    auto listening = inner.start();
    if (!listening) throw std::runtime_error{listening.error().text};
    at = *std::move(listening);
  }

  [[nodiscard]] plain_socket connect() const { return plain_socket::connect(at); }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock{mutex_};
    return lines_;
  }
  /// Waits at most ten seconds until it has printed `count` lines.
  std::vector<std::string> wait_for_lines(std::size_t count) {
    std::unique_lock lock{mutex_};
    came_.wait_for(lock, std::chrono::seconds{10}, [&] { return lines_.size() >= count; });
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::string> lines_;

 public:
  audit::proxy inner;
  audit::address at;
};

/// Keeps the records that it gets. Of the commands it counts all and keeps the first thousand.
class seen_records final : public audit::record_sink {
 public:
  void take(audit::record& record) override {
    const std::lock_guard lock{mutex_};
    if (const auto* command = std::get_if<audit::event>(&record)) {
      if (command->executed) ++counts_[command->command];
      if (commands_.size() < 1000) commands_.push_back(*command);
    } else if (others_.size() < 10'000) {
      others_.push_back(record);
    }
    came_.notify_all();
  }
  /// The number of runs of a command, by its name in lower case.
  [[nodiscard]] std::uint64_t count(std::string name) const {
    for (char& letter : name) letter = static_cast<char>(std::toupper(letter));
    const std::lock_guard lock{mutex_};
    const auto position = counts_.find(name);
    return position == counts_.end() ? 0 : position->second;
  }
  /// The first thousand commands.
  [[nodiscard]] std::vector<audit::event> commands() const {
    const std::lock_guard lock{mutex_};
    return commands_;
  }
  template <class Record>
  [[nodiscard]] std::vector<Record> all() const {
    const std::lock_guard lock{mutex_};
    std::vector<Record> out;
    for (const audit::record& record : others_) {
      if (const auto* matching = std::get_if<Record>(&record)) out.push_back(*matching);
    }
    return out;
  }
  /// The connections that could not be parsed.
  [[nodiscard]] std::vector<audit::sight_lost> blind() const { return all<audit::sight_lost>(); }
  /// Waits at most a minute until `is_so`. Returns whether it is.
  template <class Condition>
  bool wait_until(Condition is_so) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (!is_so()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      std::unique_lock lock{mutex_};
      came_.wait_for(lock, std::chrono::milliseconds{10});
    }
    return true;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::map<std::string, std::uint64_t> counts_;
  std::vector<audit::event> commands_;
  std::vector<audit::record> others_;
};

[[nodiscard]] inline audit::proxy_settings in_front_of(const audit::address& server) {
  audit::proxy_settings out;
  out.server = server;
  return out;
}

}  // namespace drover::test
