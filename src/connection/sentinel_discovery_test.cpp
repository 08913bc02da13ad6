// SPDX-License-Identifier: MIT
// Sentinels whose names, addresses and answers come late, or never.
#include "connection/sentinel_discovery.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "connection/scripted_server_for_test.hpp"
#include "connection/sentinel_watch.hpp"

namespace drover::connection::sentinel_discovery_test {
namespace {

using namespace std::chrono_literals;

/// Answers that the primary is at 10.0.0.1:`port` since the configuration `epoch`.
scripted_server::script naming(const std::string& port, const std::string& epoch) {
  return [=](const scripted_peer& peer, const std::vector<std::string>& words) {
    const bool is_address = words.size() > 1 && words[1] == "GET-MASTER-ADDR-BY-NAME";
    peer.send(is_address ? "*2\r\n" + bulk("10.0.0.1") + bulk(port)
                         : "*2\r\n" + bulk("config-epoch") + bulk(epoch));
  };
}

class threads_sentinel_discovery : public testing::Test {
 protected:
  /// Names of sentinels; "slow" is resolved when the test ends.
  sentinel_settings settings_of(const std::vector<std::string>& names) {
    sentinel_settings with;
    for (const std::string& name : names) with.sentinels.push_back({name, 26379});
    with.service = "main";
    with.answer_max = 1h;  // no test waits for it
    // A slow look-up may return after the test, so it refers to nothing of it.
    with.look_up = [ends = end_.get_future().share(), counted = look_ups, to_first = first.path(),
                    to_second = second.path()](const std::string& name, std::uint16_t) -> resolved {
      ++*counted;
      if (name == "slow") ends.wait();
      if (name == "first") return std::vector{*unix_address(to_first)};
      if (name == "second") return std::vector{*unix_address(to_second)};
      return {};
    };
    return with;
  }
  ~threads_sentinel_discovery() override { end_.set_value(); }

  scripted_server first{naming("1", "1")};
  scripted_server second{naming("2", "2")};
  const std::shared_ptr<std::atomic<int>> look_ups = std::make_shared<std::atomic<int>>(0);

 private:
  std::promise<void> end_;
};

TEST_F(threads_sentinel_discovery, ASlowNameHoldsUpNoOtherSentinel) {
  const resolved found = discover_primary(settings_of({"slow", "first"}));
  ASSERT_EQ(found.addresses.size(), 1U) << found.why;
  EXPECT_EQ(found.addresses[0].bytes, numeric_address("10.0.0.1", 1)->bytes);
}

TEST_F(threads_sentinel_discovery, TheLatestConfigurationComesFirst) {
  sentinel_settings with = settings_of({"first", "second"});
  with.others_max = 1h;
  const resolved found = discover_primary(with);
  ASSERT_EQ(found.addresses.size(), 2U) << found.why;
  EXPECT_EQ(found.addresses[0].bytes, numeric_address("10.0.0.1", 2)->bytes);
}

TEST_F(threads_sentinel_discovery, SaysOfEachSentinelWhyItIsOfNoUse) {
  sentinel_settings with = settings_of({"nowhere", "slow"});
  with.answer_max = 50ms;
  const resolved found = discover_primary(with);
  EXPECT_TRUE(found.addresses.empty());
  EXPECT_EQ(found.why,
            "no sentinel names a primary: nowhere:26379: the host is not known; slow:26379: no "
            "answer in time");
}

TEST_F(threads_sentinel_discovery, AWatchEndsWhileANameIsResolved) {
  {
    const sentinel_watch watch{settings_of({"slow"}), [](const host_port&) {}};
    while (*look_ups == 0) std::this_thread::yield();
  }
  EXPECT_EQ(*look_ups, 1);
}

}  // namespace
}  // namespace drover::connection::sentinel_discovery_test
