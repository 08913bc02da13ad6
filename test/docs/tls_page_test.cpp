// SPDX-License-Identifier: MIT
// Tests of the code in docs/how-to/connect-with-tls.md.
#include <drover/cache.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "integration/tls_world.hpp"

namespace drover::test::tls_page_test {
namespace {

/// Asks through `redis` until the value comes from the server.
void use(const client& redis) {
  cache<std::string> users{redis, {.name = "user", .policy = {.ttl = 1h}}, [](std::string_view) {
                             return std::string{"value"};
                           }};
  while (users.fetch("42").how != served::fresh) std::this_thread::yield();
}

// The example's host does not exist, so it is only made.
TEST(tls_page, AnUrlIsEnough) {
  drover::client redis{"rediss://app:secret@cache.example:6380"};
  EXPECT_EQ(redis.availability().state, availability::unknown);
}

TEST(tls_page, AnAuthorityAndACertificateOfOnesOwn) {
  tls_server server{{}, {"--tls-auth-clients", "yes"}};
  const auto own = server.ca.issue({.names = {}});
  server.folder.write("app.pem", own.certificate);
  server.folder.write("app.key", own.key);
  const std::string folder = server.folder.path().string();
  const std::string url = server.url();
  drover::client redis{{.url = url,
                        .tls = {.ca = {.file = folder + "/ca.pem"},
                                .certificate = {.file = folder + "/app.pem"},
                                .key = {.file = folder + "/app.key"}}}};
  use(redis);
}

struct page {
  drover::tls_options with_texts(const std::string& ca, const std::string& certificate,
                                 const std::string& key) {
    return {.ca = {.text = ca}, .certificate = {.text = certificate}, .key = {.text = key}};
  }
};

TEST(tls_page, Texts) {
  tls_server server{{}, {"--tls-auth-clients", "yes"}};
  const auto own = server.ca.issue({.names = {}});
  use(client{{.url = server.url(),
              .tls = page{}.with_texts(server.ca.certificate(), own.certificate, own.key)}});
}

TEST(tls_page, WithoutVerification) {
  const auto own = self_signed({.names = {}});
  const tls_server server{&own, {}, {}};
  const auto log = std::make_shared<detail::recording_observer>();
  const std::string url = server.url();
  drover::client redis{{.url = url, .tls = {.verify = false}, .event_observer = log}};
  use(redis);
  EXPECT_EQ(log->count(event_kind::connection_unverified), 1U);
}

}  // namespace
}  // namespace drover::test::tls_page_test
