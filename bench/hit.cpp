// SPDX-License-Identifier: MIT
// Compares a hit in Redis: cache<T>::get on one shared client, and blocking hiredis with a
// connection per thread, the fastest simple C++ client. Both use the same server, keys and sizes,
// in turn.
//
//   ./run bench hit [--tiny] [--unix|--tls] [--size BYTES] [--rounds N] [--seconds S]
//                   [--threads 1,8,64]
//
// With --tls both use TLS, and the cache without TLS is measured beside them.
#include <hiredis/hiredis.h>
#include <drover/cache.hpp>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "closed_loop.hpp"
#include "hiredis_tls.hpp"
#include "hit_arguments.hpp"
#include "support/certificates.hpp"
#include "support/redis_server.hpp"

namespace {

using namespace std::chrono_literals;

using drover::bench::key_of;

struct arguments : drover::bench::hit_arguments {
  bool unix_socket = false;
  bool tls = false;
};

arguments parse(int count, char** values) {
  arguments out;
  out.usage =
      "[--tiny] [--unix|--tls] [--size BYTES] [--rounds N] [--seconds S] [--threads 1,8,64]";
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--unix") {
      out.unix_socket = true;
    } else if (name == "--tls") {
      out.tls = true;
    } else {
      drover::bench::read_argument(out, count, values, i);
    }
  }
  return out;
}

drover::bench::caller_maker hiredis_callers(const drover::test::redis_server& server,
                                            const arguments& with, const std::string& ca_file) {
  if (with.tls) {
    return [&server, &ca_file, size = with.size](unsigned) -> drover::bench::one_call {
      auto connection =
          std::make_shared<drover::bench::hiredis_over_tls>(server.tls_port(), ca_file);
      return [connection, size](std::uint32_t number) {
        if (connection->get(key_of(number)).size() != size) std::abort();
      };
    };
  }
  return [&server, &with](unsigned) -> drover::bench::one_call {
    redisContext* raw = with.unix_socket ? redisConnectUnix(server.socket_path().c_str())
                                         : redisConnect("127.0.0.1", server.port());
    if (raw == nullptr || raw->err != 0) std::abort();
    const std::shared_ptr<redisContext> connection{raw, redisFree};
    return [connection, size = with.size](std::uint32_t number) {
      const std::string key = key_of(number);
      auto* reply = static_cast<redisReply*>(
          redisCommand(connection.get(), "GET %b", key.data(), key.size()));
      const std::string value{reply->str, reply->len};
      freeReplyObject(reply);
      if (value.size() != size) std::abort();
    };
  };
}

}  // namespace

int main(int count, char** values) {
  const arguments with = parse(count, values);
  if (with.tls && with.unix_socket) drover::bench::refuse_argument(with, "--unix with --tls");
  const drover::test::scratch_folder folder;
  drover::test::authority ca{"benchmark"};
  const drover::test::certificate_and_key own = ca.issue();
  const std::string ca_file = folder.write("ca.pem", ca.certificate());
  drover::test::redis_server server{
      {.tcp = true,
       .arguments = {"--tls-cert-file", folder.write("own.pem", own.certificate), "--tls-key-file",
                     folder.write("own.key", own.key), "--tls-ca-cert-file", ca_file,
                     "--tls-auth-clients", "no"},
       .tls = true}};
  const std::string value(with.size, 'x');
  drover::client_options options{.url = with.unix_socket ? server.url() : server.tcp_url(),
                                 .connect_max = 10s,  // hits must not become bypasses
                                 .silence_max = 10s};
  const drover::client plain{options};
  if (with.tls) {
    options.url = "rediss://127.0.0.1:" + std::to_string(server.tls_port());
    options.tls.ca.file = ca_file;
  }
  const drover::client redis{options};
  drover::cache<std::string> users{redis,
                                   {.name = "user", .policy = {.ttl = 24h, .early_beta = 1}},
                                   [&](std::string_view) { return value; }};
  // The same entries without TLS, to show its cost.
  drover::cache<std::string> unprotected{plain,
                                         {.name = "user", .policy = {.ttl = 24h, .early_beta = 1}},
                                         [&](std::string_view) { return value; }};
  for (std::uint32_t i = 0; i < with.keys; ++i) {
    if (users.get(key_of(i))->size() != with.size) std::abort();
    server.command({"SET", key_of(i), value});
  }
  const std::uint64_t loads = users.stats().loads;
  std::printf("GET of %zu bytes, %u keys, %s, %u rounds of %.2f s each, in turn\n", with.size,
              with.keys,
              with.unix_socket ? "unix socket"
              : with.tls       ? "TLS, TCP loopback"
                               : "TCP loopback",
              with.rounds, with.seconds);
  const auto hits_of = [&with](drover::cache<std::string>& users_of) {
    return [&with, &users_of](unsigned) -> drover::bench::one_call {
      return [&with, &users_of](std::uint32_t number) {
        if (users_of.get(key_of(number))->size() != with.size) std::abort();
      };
    };
  };
  std::vector<drover::bench::contender> all{
      {"hiredis, a connection per thread", hiredis_callers(server, with, ca_file)},
      {"drover cache<T>::get, one client", hits_of(users)}};
  if (with.tls) all.push_back({"the same without TLS", hits_of(unprotected)});
  drover::bench::compare(all, with.threads, with.keys, with.rounds,
                         std::chrono::duration<double>{with.seconds});
  if (users.stats().loads != loads || unprotected.stats().loads != 0) {
    std::fprintf(stderr, "the cache loaded during the benchmark: it did not measure hits\n");
    return 1;
  }
  return 0;
}
