// SPDX-License-Identifier: MIT
// The barrier for first misses: which clients wait for which, and that only the timing changes.
#include <gtest/gtest.h>

#include "audit/proxy/live_capture.hpp"
#include "integration/audit_proxy_world.hpp"
#include "support/redis_server.hpp"

namespace drover::test::audit_barrier_test {
namespace {

using namespace std::chrono_literals;

/// A key that was loaded through the proxy, read by three connections, and is gone now.
class audit_barrier : public testing::Test {
 protected:
  explicit audit_barrier(audit::moment hold_max = 10min)
      : sight_{{.barrier = audit::miss_barrier::bounds{.hold_max = hold_max}}, records_},
        started_{sight_.start()},
        proxy_{in_front_of({"127.0.0.1", server_.port(), ""}), &sight_} {
    for (int i = 0; i < 3; ++i) clients_.push_back(raw_client::over_tcp(proxy_.at.port));
    clients_[0].command({"GET", "user:1"});
    clients_[0].command({"SET", "user:1", "v"});
    for (raw_client& client : clients_)
      EXPECT_EQ(client.command({"GET", "user:1"}).root().text(), "v");
    server_.command({"DEL", "user:1"});
  }
  [[nodiscard]] static bool has_answer(const raw_client& client) {
    pollfd watched{client.descriptor(), POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
  }
  static bool is_miss(raw_client& client) {
    return client.read_reply().root().kind() == resp::type::null;
  }
  void stop() {
    proxy_.inner.stop();
    sight_.stop();
  }

  redis_server server_{{.tcp = true, .arguments = {}}};
  seen_records records_;
  audit::live_capture sight_;
  result<void> started_;
  spoken_proxy proxy_;
  std::vector<raw_client> clients_;
};

TEST_F(audit_barrier, TheyGoOnTogetherWhenAllAreThere) {
  clients_[0].send_command({"GET", "user:1"});
  clients_[0].send_command({"PING"});
  clients_[1].send_command({"GET", "user:1"});
  // A client that reads another key is not held.
  auto other = raw_client::over_tcp(proxy_.at.port);
  EXPECT_EQ(other.command({"GET", "none"}).root().kind(), resp::type::null);
  EXPECT_FALSE(has_answer(clients_[0]));
  EXPECT_FALSE(has_answer(clients_[1]));
  clients_[2].send_command({"GET", "user:1"});
  for (raw_client& client : clients_) EXPECT_TRUE(is_miss(client));
  EXPECT_EQ(clients_[0].read_reply().root().text(), "PONG") << "what was behind it comes as well";
  // A client that reads again under a lock is not held. After a store no client is held.
  EXPECT_EQ(clients_[0].command({"GET", "user:1"}).root().kind(), resp::type::null);
  clients_[0].command({"SET", "user:1", "w"});
  for (raw_client& client : clients_)
    EXPECT_EQ(client.command({"GET", "user:1"}).root().text(), "w");
  stop();
  const auto acts = records_.all<audit::tool_acted>();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(acts[0].action, audit::tool_acted::action_kind::miss_barrier);
  EXPECT_EQ(acts[0].key, "user:1");
  EXPECT_LT(acts[0].from, acts[0].to);
}

TEST_F(audit_barrier, WhoLeavesMeanwhileHoldsNobodyUp) {
  clients_[0].send_command({"GET", "user:1"});
  clients_[1].send_command({"GET", "user:1"});
  clients_.erase(clients_.begin());
  // Another client stores the value, so the wait ends.
  auto other = raw_client::over_tcp(proxy_.at.port);
  other.command({"SET", "user:1", "x"});
  EXPECT_TRUE(is_miss(clients_[0]));
  EXPECT_EQ(clients_[0].command({"GET", "user:1"}).root().text(), "x");
}

TEST_F(audit_barrier, StopsWhileRepliesAreHeld) {
  clients_[0].send_command({"GET", "user:1"});
  auto other = raw_client::over_tcp(proxy_.at.port);
  other.command({"PING"});
  stop();
  EXPECT_TRUE(has_answer(clients_[0])) << "the end";
}

class audit_barrier_short : public audit_barrier {
 protected:
  audit_barrier_short() : audit_barrier{20ms} {}
};

TEST_F(audit_barrier_short, NobodyWaitsForLong) {
  clients_[0].send_command({"GET", "user:1"});
  EXPECT_TRUE(is_miss(clients_[0]));
  stop();
  const auto acts = records_.all<audit::tool_acted>();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_GE(acts[0].to - acts[0].from, audit::moment{20ms});
}

}  // namespace
}  // namespace drover::test::audit_barrier_test
