// SPDX-License-Identifier: MIT
#include "audit/metrics/metrics_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace drover::audit::metrics_server_test {
namespace {

using namespace std::chrono_literals;

class http_client {
 public:
  explicit http_client(std::uint16_t port) : descriptor_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    const timeval patience{60, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~http_client() { ::close(descriptor_); }
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  void send(std::string_view bytes) const {
    EXPECT_TRUE(is_connected_);
    static_cast<void>(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  /// All bytes until the server ends the connection.
  [[nodiscard]] std::string rest() const {
    std::string out;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = ::recv(descriptor_, buffer, sizeof buffer, 0)) > 0) {
      out.append(buffer, static_cast<std::size_t>(size));
    }
    return out;
  }
  /// The server has ended the connection: no time-out of the client.
  [[nodiscard]] bool has_ended() const {
    char byte = 0;
    return ::recv(descriptor_, &byte, 1, 0) == 0 || errno == ECONNRESET;
  }

 private:
  int descriptor_;
  bool is_connected_ = false;
};

constexpr std::string_view scrape = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";

struct served {
  explicit served(metrics_server_settings settings)
      : server{[&settings, this] {
          settings.listen.port = 0;
          if (!settings.text) {
            settings.text = [this] { return "scrapes " + std::to_string(++scrapes) + '\n'; };
          }
          return settings;
        }()} {
    const auto at = server.listen();
    EXPECT_TRUE(at) << (at ? "" : at.error().text);
    if (at) port = at->port;
    server.start();
  }
  std::atomic<int> scrapes{0};
  std::uint16_t port = 0;
  metrics_server server;
};

TEST(audit_metrics_server, AnswersEachScrapeWithTheCurrentText) {
  served subject{{}};
  for (int i = 1; i <= 3; ++i) {
    const http_client client{subject.port};
    client.send(scrape);
    EXPECT_TRUE(client.rest().ends_with("\r\n\r\nscrapes " + std::to_string(i) + '\n'));
  }
  EXPECT_FALSE(subject.server.is_public());
}

TEST(audit_metrics_server, WritesALongTextToASlowReader) {
  served subject{{.text = [] { return std::string(std::size_t{8} << 20U, 'x'); }, .patience = 60s}};
  const http_client client{subject.port};
  client.send(scrape);
  EXPECT_GT(client.rest().size(), std::size_t{8} << 20U);
}

TEST(audit_metrics_server, ServesOthersWhileSlowClientsHoldTheirConnections) {
  served subject{{.patience = 60s, .connections_max = 4}};
  const http_client silent{subject.port};
  const http_client partial{subject.port};
  partial.send("GET /metrics HTTP/1.1\r\nHost");
  for (int i = 0; i < 10; ++i) {
    const http_client client{subject.port};
    client.send(scrape);
    EXPECT_FALSE(client.rest().empty());
  }
}

TEST(audit_metrics_server, EndsClientsThatDoNotFinishSoThatOthersGetTheirTurn) {
  served subject{{.patience = 100ms, .connections_max = 2}};
  const http_client silent{subject.port};
  const http_client partial{subject.port};
  partial.send("GET ");
  const http_client waiting{subject.port};
  waiting.send(scrape);
  EXPECT_TRUE(silent.has_ended());
  EXPECT_TRUE(partial.has_ended());
  EXPECT_FALSE(waiting.rest().empty());
}

TEST(audit_metrics_server, AnswersWhatIsNotHttpAndDoesNotRenderForIt) {
  served subject{{}};
  for (const std::string_view bytes : {"*1\r\n$4\r\nPING\r\n\r\n", "GET /x HTTP/1.1\r\n\r\n"}) {
    const http_client client{subject.port};
    client.send(bytes);
    EXPECT_TRUE(client.rest().starts_with("HTTP/1.1 40"));
  }
  EXPECT_EQ(subject.scrapes, 0);
}

TEST(audit_metrics_server, StopsWithOpenConnectionsAndReportsAPortInUse) {
  served subject{{.patience = 60s}};
  const http_client silent{subject.port};
  metrics_server second{{.listen = {"127.0.0.1", subject.port, ""}}};
  const auto at = second.listen();
  ASSERT_FALSE(at);
  EXPECT_NE(at.error().text.find(std::to_string(subject.port)), std::string::npos);
  subject.server.stop();
  EXPECT_TRUE(silent.has_ended());
}

}  // namespace
}  // namespace drover::audit::metrics_server_test
