// SPDX-License-Identifier: MIT
// Serves the metrics of two caches over HTTP, for test/monitoring/prometheus_test.py. Prints the
// port, and ends when stdin ends. Each request causes a few calls of the caches.
//
//   metrics_page REDIS_URL
#include <drover/cache.hpp>
#include <drover/prometheus.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;

int listen_on_any_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* where = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, where, size) != 0 || ::listen(listener, 16) != 0 ||
      ::getsockname(listener, where, &size) != 0) {
    throw std::runtime_error{"no port to listen on"};
  }
  std::printf("%u\n", unsigned{ntohs(address.sin_port)});
  std::fflush(stdout);
  return listener;
}

void answer(int connection, const std::string& body) {
  std::string request;
  char bytes[4096];
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = ::read(connection, bytes, sizeof bytes);
    if (count <= 0) return;
    request.append(bytes, static_cast<std::size_t>(count));
  }
  std::string response = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: ";
  response.append(drover::prometheus_text::content_type);
  response += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  for (std::string_view rest = response; !rest.empty();) {
    const ssize_t count = ::send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const drover::client redis{arguments[1]};
  drover::cache<std::string> users{redis,
                                   {.name = "user", .policy = {.ttl = 1h}},
                                   [](std::string_view key) { return std::string{key}; }};
  drover::cache<std::string> failing{
      redis, {.name = "failing", .policy = {.ttl = 1h}}, [](std::string_view) -> std::string {
        throw std::runtime_error{"no database"};
      }};
  const int listener = listen_on_any_port();
  for (;;) {
    pollfd both[] = {{listener, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (::poll(both, 2, -1) < 0 || both[1].revents != 0) return 0;
    const int connection = ::accept(listener, nullptr, nullptr);
    static_cast<void>(users.get("42"));
    static_cast<void>(users.get("42"));
    try {
      static_cast<void>(failing.get("1"));
    } catch (const std::exception&) {
    }
    drover::prometheus_text metrics;
    metrics.add("user", users.stats());
    metrics.add("failing", failing.stats());
    metrics.add("a \"name\"\nof \\ bytes \xFF caf\xC3\xA9", drover::cache_stats{});
    metrics.add("redis", redis.availability());
    answer(connection, metrics.text());
    ::close(connection);
  }
}
