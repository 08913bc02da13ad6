// SPDX-License-Identifier: MIT
// Counts loads by a number in Redis, read with GET on a separate connection. Reconnects if the
// connection is lost.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "audit/proxy/resolve.hpp"
#include "audit/run/origin_counter.hpp"
#include "audit/run/sampled_number.hpp"
#include "resp/reader.hpp"
#include "resp/writer.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

fault unreachable(std::string text) { return {fault_code::unreachable, std::move(text)}; }

/// A socket that closes itself.
class owned_socket {
 public:
  explicit owned_socket(int number) noexcept : number_{number} {}
  ~owned_socket() { reset(); }
  owned_socket(const owned_socket&) = delete;
  owned_socket& operator=(const owned_socket&) = delete;

  void reset(int number = -1) noexcept {
    if (number_ >= 0) close(number_);
    number_ = number;
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

class redis_key {
 public:
  redis_key(address server, std::string key) : server_{std::move(server)}, key_{std::move(key)} {}

  result<std::int64_t> read() {
    result<std::int64_t> number = request_number();
    if (number || number.error().code != fault_code::unreachable) return number;
    socket_.reset();  // try again on a new connection
    return request_number();
  }

 private:
  static constexpr auto reply_max = 2s;

  result<std::int64_t> request_number() {
    if (socket_.get() < 0) {
      if (auto connected = connect_to_server(); !connected) return connected.error();
    }
    std::string wire;
    resp::write_command(wire, {"GET", key_});
    if (send(socket_.get(), wire.data(), wire.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(wire.size())) {
      return unreachable(counter_name() + " closed the connection");
    }
    resp::message reply;
    if (auto received = receive(reply); !received) return received.error();
    return number_of(reply.root());
  }

  result<void> connect_to_server() {
    const result<resolved_address> resolved = reach(server_);
    if (!resolved) return resolved.error();
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    std::memcpy(path.sun_path, resolved->path.data(),
                std::min(resolved->path.size(), sizeof path.sun_path - 1));
    const auto* const socket_address =
        resolved->is_unix() ? reinterpret_cast<const sockaddr*>(&path) : resolved->socket_address();
    const socklen_t size = resolved->is_unix()                     ? sizeof path
                           : socket_address->sa_family == AF_INET6 ? sizeof(sockaddr_in6)
                                                                   : sizeof(sockaddr_in);
    socket_.reset(socket(socket_address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket_.get() < 0 || connect(socket_.get(), socket_address, size) != 0) {
      const int error = errno;
      socket_.reset();
      return unreachable(counter_name() + " cannot be reached: " + std::strerror(error));
    }
    reader_ = resp::reader{};
    return {};
  }

  result<void> receive(resp::message& reply) {
    const auto deadline = std::chrono::steady_clock::now() + reply_max;
    for (;;) {
      const auto time_left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      pollfd poll_entry{socket_.get(), POLLIN, 0};
      if (time_left <= 0ms || poll(&poll_entry, 1, static_cast<int>(time_left.count())) == 0) {
        return unreachable(counter_name() + " does not answer");
      }
      std::array<char, 4096> buffer{};
      const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return unreachable(counter_name() + " closed the connection");
      const auto step = reader_.read({buffer.data(), static_cast<std::size_t>(size)}, reply);
      if (step.status == resp::reader::status::complete) return {};
      if (step.status == resp::reader::status::broken) {
        return fault{fault_code::corrupt, counter_name() + " does not speak the Redis protocol"};
      }
    }
  }

  result<std::int64_t> number_of(const resp::view& reply) const {
    if (reply.is_null()) return std::int64_t{0};
    if (reply.is_error()) {
      return fault{fault_code::corrupt,
                   counter_name() + " cannot read \"" + key_ + "\": " + std::string{reply.text()}};
    }
    std::int64_t number = 0;
    const std::string_view text = reply.text();
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code == std::errc{} && end == text.data() + text.size()) return number;
    return fault{fault_code::corrupt,
                 "\"" + key_ + "\" in " + counter_name() + " is not an integer"};
  }

  [[nodiscard]] std::string counter_name() const {
    return "the origin's counter at " + describe(server_);
  }

  address server_;
  std::string key_;
  owned_socket socket_{-1};
  resp::reader reader_;
};

}  // namespace

std::unique_ptr<origin_counter> count_redis_key(const address& server, std::string key,
                                                origin_listener listener) {
  constexpr auto every = 100ms;
  std::string source = "redis " + describe(server) + " " + key;
  auto counter = std::make_shared<redis_key>(server, std::move(key));
  return std::make_unique<sampled_number>(
      std::move(source), every, [counter] { return counter->read(); }, std::move(listener));
}

}  // namespace drover::audit
