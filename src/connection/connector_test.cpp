// SPDX-License-Identifier: MIT
// One attempt to connect over TCP, with several addresses, some of them dead, and with slow name
// servers.
#include "connection/connector.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "connection/scripted_server_for_test.hpp"
#include "support/redis_server.hpp"

namespace drover::connection::connector_test {
namespace {

using namespace std::chrono_literals;

address local(std::uint16_t port) { return *numeric_address("127.0.0.1", port); }

/// A port without a listener, or with a listener whose queue is full, so that a connection is
/// neither made nor refused.
class dead_port {
 public:
  explicit dead_port(bool swallows) : listening_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const name = reinterpret_cast<sockaddr*>(&where);
    socklen_t size = sizeof where;
    if (::bind(listening_, name, size) != 0 || ::getsockname(listening_, name, &size) != 0) {
      throw std::runtime_error{"bind"};
    }
    port_ = ntohs(where.sin_port);
    if (!swallows) return;
    if (::listen(listening_, 0) != 0) throw std::runtime_error{"listen"};
    std::error_code error;
    for (int i = 0; i < 4; ++i) {
      waiting_.push_back(stream_socket::connecting_to(local(port_), error));
    }
  }
  ~dead_port() { ::close(listening_); }
  dead_port(const dead_port&) = delete;
  dead_port& operator=(const dead_port&) = delete;

  [[nodiscard]] address where() const { return local(port_); }

 private:
  int listening_;
  std::uint16_t port_ = 0;
  std::vector<stream_socket> waiting_;
};

settings named(milliseconds connect_max) {
  settings with;
  with.at.host = "redis.example";
  with.at.port = 1;
  with.connect_max = connect_max;
  return with;
}

/// Runs one attempt to its end.
result<connected> attempt(connector& by, const bell& wake) {
  by.begin(now());
  for (readiness came;;) {
    if (auto ended = by.step(came, now())) return *std::move(ended);
    came = wait_for(wake, by.socket(), by.interest(), by.until());
    wake.hush();
  }
}

class threads_connector : public testing::Test {
 protected:
  const std::shared_ptr<const bell> wake = std::make_shared<bell>();
};

TEST_F(threads_connector, TriesAllAddressesOfAHostInTheirOrder) {
  const test::redis_server server{{.tcp = true, .arguments = {}}};
  const dead_port refusing{false};
  const dead_port swallowing{true};
  const settings with = named(2s);  // half of it is spent on the address that does not answer
  std::string lookups;
  std::vector<address> answer{refusing.where(), swallowing.where(), local(server.port())};
  connector by{with, wake, [&](const std::string& host, std::uint16_t port) {
                 lookups += host + ":" + std::to_string(port) + ";";
                 return answer;
               }};
  const auto connection = attempt(by, *wake);
  ASSERT_TRUE(connection) << connection.error().text;
  EXPECT_NE(connection->hello.client_id, 0U);
  answer = {local(server.port())};
  EXPECT_TRUE(attempt(by, *wake));
  EXPECT_EQ(lookups, "redis.example:1;redis.example:1;") << "asked anew: addresses change";
}

TEST_F(threads_connector, SaysWhyNoAddressWouldDo) {
  const dead_port refusing{false};
  const dead_port swallowing{true};
  const auto why = [&](const std::vector<address>& addresses, milliseconds connect_max = 1h) {
    const settings with = named(connect_max);
    connector by{with, wake, [&](const std::string&, std::uint16_t) { return addresses; }};
    const auto connection = attempt(by, *wake);
    return connection ? std::string{"made"} : connection.error().text;
  };
  EXPECT_EQ(why({}), "redis://redis.example:1: the host is not known");
  EXPECT_EQ(why({refusing.where(), refusing.where()}),
            "redis://redis.example:1: the connection was refused");
  EXPECT_EQ(why({refusing.where(), swallowing.where()}, 50ms),
            "redis://redis.example:1: no connection in time");
}

TEST_F(threads_connector, TellsApartWhyAUnixSocketCannotBeConnectedTo) {
  const test::redis_server server;
  settings with;
  with.connect_max = 1h;
  const auto why = [&](const std::string& path) {
    with.at.path = path;
    connector by{with, wake};
    const auto connection = attempt(by, *wake);
    return connection ? std::string{"made"} : connection.error().text;
  };
  EXPECT_EQ(why("/nowhere/socket"), "unix:///nowhere/socket: there is no such socket");
  EXPECT_EQ(why("/dev/null"), "unix:///dev/null: the connection was refused");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ASSERT_GE(next, 0);
  ::close(next);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::string full = why(server.socket_path());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_NE(full.find("this process has too many files open"), std::string::npos) << full;
}

TEST_F(threads_connector, AnAnswerThatIsNotResp3IsARefusal) {
  const scripted_server server{[](const scripted_peer&, const std::vector<std::string>&) {},
                               "HTTP/1.1 400 Bad Request\r\n\r\n"};
  settings with;
  with.connect_max = 1h;
  with.at.path = server.path();
  connector by{with, wake};
  const auto connection = attempt(by, *wake);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, fault_code::unsupported) << connection.error().text;
}

TEST_F(threads_connector, LeavesAReplicaThatASentinelNames) {
  const test::redis_server replica{{.tcp = true, .arguments = {}}};
  const test::redis_server primary{{.tcp = true, .arguments = {}}};
  replica.command({"REPLICAOF", "127.0.0.1", "1"});
  settings with;
  with.connect_max = 1h;
  with.at.sentinels = {{"sentinel.example", 26379}};
  with.at.service = "main";
  std::vector<address> answer{local(replica.port()), local(primary.port())};
  connector by{with, wake, [&](auto&&...) { return answer; }};
  const auto connection = attempt(by, *wake);
  ASSERT_TRUE(connection) << connection.error().text;
  EXPECT_EQ(connection->hello.role, "master");
  EXPECT_EQ(connection->where.bytes, local(primary.port()).bytes);
  answer = {local(replica.port())};
  const auto refused = attempt(by, *wake);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "redis+sentinel://sentinel.example:26379/main: the sentinels name a server that is a "
            "replica");
}

TEST_F(threads_connector, MayTakeForEver) {
  const test::redis_server server{{.tcp = true, .arguments = {}}};
  const settings with = named(milliseconds::max());
  connector by{with, wake, [&](auto&&...) { return std::vector{local(server.port())}; }};
  EXPECT_TRUE(attempt(by, *wake));
}

TEST_F(threads_connector, ReadsTheServersClockBetweenTwoReadingsOfItsOwn) {
  const test::redis_server server{{.tcp = true, .arguments = {}}};
  const settings with = named(1h);
  connector by{with, wake, [&](auto&&...) { return std::vector{local(server.port())}; }};
  const auto before = now();
  const auto connection = attempt(by, *wake);
  ASSERT_TRUE(connection && connection->hello.clock);
  EXPECT_LE(before, connection->hello.clock->sent);
  EXPECT_LE(connection->hello.clock->sent, connection->hello.clock->received);
  EXPECT_LE(connection->hello.clock->received, now());
  EXPECT_FALSE(connection->hello.started) << "the server has loaded nothing";
}

TEST_F(threads_connector, DoesNotWaitForASlowNameServerNorAskItTwiceAtOnce) {
  const test::redis_server server{{.tcp = true, .arguments = {}}};
  settings with = named(20ms);
  std::promise<void> answers;
  std::atomic<int> lookups{0};
  connector by{with, wake, [&, answered = answers.get_future().share()](auto&&...) {
                 ++lookups;
                 answered.wait();
                 return std::vector{local(server.port())};
               }};
  for (int i = 0; i < 3; ++i) {
    const auto connection = attempt(by, *wake);
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().text,
              "redis://redis.example:1: the host was not resolved in time");
  }
  with.connect_max = 1h;
  answers.set_value();
  EXPECT_TRUE(attempt(by, *wake)) << "the answer that came late is used";
  EXPECT_EQ(lookups, 1);
}

TEST_F(threads_connector, MayEndWhileANameServerIsAsked) {
  struct answer {
    std::promise<void> comes;
    std::promise<void> went;
  };
  const auto held = std::make_shared<answer>();
  {
    const settings with = named(1ms);
    connector by{with, wake, [held](auto&&...) {
                   held->comes.get_future().wait();
                   held->went.set_value();
                   return std::vector<address>{};
                 }};
    EXPECT_FALSE(attempt(by, *wake));
  }
  held->comes.set_value();
  held->went.get_future().wait();
}

TEST(socket_io, ATcpPeerThatIsGoneIsNoticedByTheKernelToo) {
  const dead_port nobody{true};
  std::error_code error;
  const stream_socket socket = stream_socket::connecting_to(nobody.where(), error);
  ASSERT_TRUE(socket.is_open()) << error.message();
  const auto option = [&](int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(socket.descriptor(), level, name, &value, &size), 0);
    return value;
  };
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 1000);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_LE(option(IPPROTO_TCP, TCP_KEEPIDLE) +
                option(IPPROTO_TCP, TCP_KEEPINTVL) * option(IPPROTO_TCP, TCP_KEEPCNT),
            30)
      << "seconds until an idle connection to a lost machine is closed";
}

}  // namespace
}  // namespace drover::connection::connector_test
