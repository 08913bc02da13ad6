// SPDX-License-Identifier: MIT
// A real server with TLS, the authority that certified it, and a cache that reaches it.
#pragma once

#include <gtest/gtest.h>
#include <drover/cache.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cache/recording_observer_for_test.hpp"
#include "support/certificates.hpp"
#include "support/redis_server.hpp"

namespace drover::test {

using namespace std::chrono_literals;

/// A server of Debian with TLS on 127.0.0.1, whose own certificate is for localhost and 127.0.0.1.
struct tls_server {
  explicit tls_server(const certificate_options& with = {}, std::vector<std::string> more = {})
      : tls_server(nullptr, with, std::move(more)) {}
  /// With the given certificate instead of one of `ca`.
  tls_server(const certificate_and_key* given, const certificate_options& with,
             std::vector<std::string> more)
      : own{given != nullptr ? *given : ca.issue(with)},
        redis{{.arguments = arguments(std::move(more)), .tls = true}} {}

  [[nodiscard]] std::string url(const std::string& host = "localhost") const {
    return "rediss://" + host + ":" + std::to_string(redis.tls_port());
  }
  [[nodiscard]] tls_options trusting() const { return {.ca = {.text = ca.certificate()}}; }

  std::vector<std::string> arguments(std::vector<std::string> more) {
    std::vector<std::string> out{
        "--tls-cert-file",    folder.write("server.pem", own.certificate),
        "--tls-key-file",     folder.write("server.key", own.key),
        "--tls-ca-cert-file", folder.write("ca.pem", ca.certificate()),
    };
    if (more.empty()) more = {"--tls-auth-clients", "no"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  scratch_folder folder;
  authority ca{"test authority"};
  certificate_and_key own;
  redis_server redis;
};

/// A client and a cache. Its limits are those of a busy machine.
class tls_user {
 public:
  tls_user(const std::string& url, tls_options with, duration connect_max = 20s)
      : redis{{.url = url,
               .tls = std::move(with),
               .connect_max = connect_max,
               .silence_max = 20s,
               .event_observer = seen}},
        users{redis, {.name = "user", .policy = {.ttl = 1h}}, [](std::string_view key) {
                return "of " + std::string{key};
              }} {}

  /// Asks until the client knows why it cannot use the server. Each call gets its value meanwhile.
  [[nodiscard]] std::string refusal() {
    for (;;) {
      const auto got = users.fetch("42");
      EXPECT_EQ(got.value, "of 42");
      EXPECT_EQ(got.how, served::bypassed);
      const availability_report known = redis.availability();
      if (!known.reason.empty()) return known.reason;
      std::this_thread::yield();
    }
  }
  /// Asks until the value comes from the server.
  void wait_until_hit() {
    const auto end = std::chrono::steady_clock::now() + 60s;  // only a hang takes so long
    while (users.fetch("42").how != served::fresh) {
      std::this_thread::yield();
      if (std::chrono::steady_clock::now() < end) continue;
      throw std::runtime_error{"no hit: " + redis.availability().reason};
    }
  }

  std::shared_ptr<detail::recording_observer> seen = std::make_shared<detail::recording_observer>();
  client redis;
  cache<std::string> users;
};

inline bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace drover::test
