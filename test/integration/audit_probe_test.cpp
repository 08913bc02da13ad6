// SPDX-License-Identifier: MIT
// The tool's own requests: it makes hot values cold, and queries the server at the end.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "audit/engine/engine.hpp"
#include "audit/proxy/cold_prober.hpp"
#include "audit/proxy/live_capture.hpp"
#include "integration/audit_proxy_world.hpp"
#include "support/redis_server.hpp"

namespace drover::test::audit_probe_test {
namespace {

using namespace std::chrono_literals;

/// An engine, and a prober that receives the same records.
class judged final : public audit::record_sink {
 public:
  void take(audit::record& record) override {
    engine.feed(record);
    if (auto* const active_prober = prober.load()) active_prober->saw(record, engine.context());
    seen.take(record);
  }
  audit::engine engine{{}, {}};
  seen_records seen;
  std::atomic<audit::cold_prober*> prober{nullptr};
};

/// Reads a key a hundred times a second and loads it when it is missing. Also writes a session and
/// a counter.
class small_application {
 public:
  explicit small_application(const audit::address& at) : thread_{[this, at] { work(at.port); }} {}
  ~small_application() {
    stop_ = true;
    thread_.join();
  }

 private:
  void work(std::uint16_t port) {
    auto client = raw_client::over_tcp(port);
    client.command({"SET", "session:1", "data", "PX", "600000"});
    while (!stop_) {
      if (client.command({"GET", "user:1"}).root().kind() == resp::type::null) {
        std::this_thread::sleep_for(5ms);
        client.command({"SET", "user:1", "value", "PX", "600000"});
      }
      client.command({"GET", "session:1"});
      client.command({"INCR", "counter:1"});
      client.command({"GET", "counter:1"});
      std::this_thread::sleep_for(10ms);
    }
  }

  std::atomic<bool> stop_{false};
  std::thread thread_;
};

audit::probe_settings quick(const redis_server& server) {
  audit::probe_settings out;
  out.server.port = server.port();
  out.pace = {.baseline = 100ms,
              .deletions_per_pattern = 3,
              .settle_min = 50ms,
              .settle_loads = 5,
              .spread = 20ms};
  return out;
}

TEST(audit_probe, MakesHotValuesColdAndNothingElse) {
  const redis_server server{{.tcp = true, .arguments = {}}};
  judged all;
  audit::live_capture sight{{}, all};
  ASSERT_TRUE(sight.start());
  spoken_proxy proxy{in_front_of({"127.0.0.1", server.port(), ""}), &sight};
  audit::cold_prober prober{quick(server), sight};
  const auto started = prober.start();
  ASSERT_TRUE(started) << started.error().text;
  all.prober = &prober;
  {
    const small_application application{proxy.at};
    EXPECT_TRUE(all.seen.wait_until([&] { return all.seen.all<audit::tool_acted>().size() >= 3; }));
  }
  prober.stop();
  proxy.inner.stop();
  sight.stop();
  all.prober = nullptr;
  const auto acts = all.seen.all<audit::tool_acted>();
  EXPECT_EQ(acts.size(), prober.cold_events());
  for (const audit::tool_acted& action : acts) {
    EXPECT_EQ(action.action, audit::tool_acted::action_kind::cold_event);
    EXPECT_EQ(action.key, "user:1");
    EXPECT_LE(action.from, action.to);
  }
  EXPECT_EQ(all.seen.count("unlink"), 0U) << "it has a connection of its own";
  EXPECT_EQ(server.command({"GET", "session:1"}).root().text(), "data");
  const auto properties = all.seen.all<audit::server_said>();
  const auto property_of = [&](const std::string& key) {
    return std::find_if(properties.begin(), properties.end(),
                        [&](const auto& property) { return property.key == key; });
  };
  ASSERT_NE(property_of("session:1"), properties.end());
  EXPECT_GT(property_of("session:1")->pttl, 0);
  ASSERT_NE(property_of("counter:1"), properties.end());
  EXPECT_EQ(property_of("counter:1")->pttl, -1);
  ASSERT_NE(property_of(""), properties.end());
  EXPECT_EQ(property_of("")->maxmemory_policy, "noeviction");
}

TEST(audit_probe, KeepsToWhatIsAllowed) {
  const redis_server server{{.tcp = true, .arguments = {}}};
  judged all;
  audit::live_capture sight{{}, all};
  ASSERT_TRUE(sight.start());
  spoken_proxy proxy{in_front_of({"127.0.0.1", server.port(), ""}), &sight};
  auto with = quick(server);
  with.allowed = {"item:*"};
  audit::cold_prober prober{std::move(with), sight};
  ASSERT_TRUE(prober.start());
  all.prober = &prober;
  {
    // Two windows of reads: long enough for the prober to choose the key if it were allowed.
    const small_application application{proxy.at};
    EXPECT_TRUE(all.seen.wait_until([&] { return sight.now() > 3 * audit::hot_keys::window; }));
  }
  prober.stop();
  proxy.inner.stop();
  sight.stop();
  EXPECT_EQ(prober.cold_events(), 0U);
}

TEST(audit_probe, SaysWhyItCannotBegin) {
  const redis_server server{{.tcp = true, .arguments = {"--requirepass", "c4nary-secret"}}};
  judged all;
  audit::live_capture sight{{}, all};
  ASSERT_TRUE(sight.start());
  const auto complaint = [&](audit::probe_settings with) {
    audit::cold_prober prober{std::move(with), sight};
    const auto started = prober.start();
    return started ? std::string{} : started.error().text;
  };
  EXPECT_NE(complaint(quick(server)), "") << "without the password";
  auto with = quick(server);
  with.password = "wrong";
  EXPECT_EQ(complaint(with).find("wrong"), std::string::npos) << "no password is repeated";
  EXPECT_NE(complaint(with), "");
  with.password = "c4nary-secret";
  EXPECT_EQ(complaint(with), "");
  with.server.port = 1;
  EXPECT_NE(complaint(with).find("127.0.0.1:1"), std::string::npos);
}

}  // namespace
}  // namespace drover::test::audit_probe_test
