// SPDX-License-Identifier: MIT
// Former public names, which work until 0.2.0.
#include <gtest/gtest.h>
#include <drover/cache.hpp>

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "support/redis_server.hpp"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace drover::former_names_test {
namespace {

using namespace std::chrono_literals;

class former_observer : public observer {
 public:
  void seen(const event& happened) override {
    const std::scoped_lock lock{mutex_};
    kinds_.insert(happened.what);
  }
  [[nodiscard]] bool has(event_kind kind) const {
    const std::scoped_lock lock{mutex_};
    return kinds_.contains(kind);
  }

 private:
  mutable std::mutex mutex_;
  std::set<event_kind> kinds_;
};

TEST(former_names, OfTheObserverStillReceiveEvents) {
  const test::redis_server server;
  const auto former = std::make_shared<former_observer>();
  client_options options{.url = server.url(), .connect_max = 20s, .silence_max = 20s};
  options.observed_by = former;
  const client redis{options};
  cache<std::string> users{redis, {.name = "user", .policy = {.ttl = 1h}}, [](std::string_view) {
                             return std::string{"v"};
                           }};
  EXPECT_EQ(users.get("a"), "v");
  EXPECT_TRUE(former->has(event_kind::load_started));
}

TEST(former_names, OfValidateStillChecksAPolicy) {
  EXPECT_EQ(complaint_about(policy{.ttl = 1s}), std::nullopt);
  EXPECT_EQ(complaint_about(policy{.ttl = 0s}), validate(policy{.ttl = 0s}));
  EXPECT_TRUE(complaint_about(policy{.ttl = 0s}));
}

}  // namespace
}  // namespace drover::former_names_test
