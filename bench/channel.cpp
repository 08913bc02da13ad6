// SPDX-License-Identifier: MIT
// Compares a GET on the shared connection alone, without the cache, with blocking hiredis with a
// connection per thread. Runs with and without the polling of the reader before it blocks.
//
//   ./run bench channel [--tiny] [--unix]
#include <hiredis/hiredis.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "closed_loop.hpp"
#include "connection/channel.hpp"
#include "resp/writer.hpp"
#include "support/redis_server.hpp"

namespace {

constexpr std::size_t value_size = 100;
constexpr std::uint32_t keys = 1000;

std::string key_of(std::uint32_t number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "user:%012u", number);
  return text.data();
}

drover::bench::one_call hiredis_caller(const drover::connection::endpoint& at) {
  redisContext* raw =
      at.host.empty() ? redisConnectUnix(at.path.c_str()) : redisConnect(at.host.c_str(), at.port);
  if (raw == nullptr || raw->err != 0) std::abort();
  const std::shared_ptr<redisContext> connection{raw, redisFree};
  return [connection](std::uint32_t number) {
    const std::string key = key_of(number);
    auto* reply =
        static_cast<redisReply*>(redisCommand(connection.get(), "GET %b", key.data(), key.size()));
    if (reply == nullptr || reply->len != value_size) std::abort();
    freeReplyObject(reply);
  };
}

drover::bench::one_call channel_caller(drover::connection::channel& on) {
  auto request = std::make_shared<std::string>();
  auto reply = std::make_shared<drover::resp::message>();
  return [&on, request, reply](std::uint32_t number) {
    request->clear();
    drover::resp::write_command(*request, {"GET", key_of(number)});
    const auto end = on.exchange(*request, {reply.get(), 1});
    if (end.ended != drover::connection::exchange_end::replied) std::abort();
    if (reply->root().text().size() != value_size) std::abort();
  };
}

}  // namespace

int main(int count, char** values) {
  bool unix_socket = false;
  bool tiny = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    unix_socket = unix_socket || name == "--unix";
    tiny = tiny || name == "--tiny";
    if (name != "--unix" && name != "--tiny") {
      std::fprintf(stderr, "bench channel: unknown argument: %s\nusage: [--tiny] [--unix]\n",
                   values[i]);
      return 2;
    }
  }
  const drover::test::redis_server server{{.tcp = true, .arguments = {}}};
  for (std::uint32_t i = 0; i < keys; ++i) {
    server.command({"SET", key_of(i), std::string(value_size, 'x')});
  }
  drover::connection::settings with;
  with.at = *drover::connection::parse_url(unix_socket ? server.url() : server.tcp_url());
  with.connect_max = std::chrono::seconds{10};
  with.silence_max = std::chrono::seconds{10};
  drover::connection::channel spinning{with, {}};
  with.spin = false;
  drover::connection::channel plain{with, {}};
  std::printf("GET of %zu bytes, %u keys, %s, in turn\n", value_size, keys,
              unix_socket ? "unix socket" : "TCP loopback");
  drover::bench::compare(
      {{"hiredis, a connection per thread", [&](unsigned) { return hiredis_caller(with.at); }},
       {"channel, without polling", [&](unsigned) { return channel_caller(plain); }},
       {"channel", [&](unsigned) { return channel_caller(spinning); }}},
      tiny ? std::vector<unsigned>{1, 4} : std::vector<unsigned>{1, 8, 64}, keys, tiny ? 1 : 7,
      std::chrono::duration<double>{tiny ? 0.02 : 0.5});
  return 0;
}
