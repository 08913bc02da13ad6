// SPDX-License-Identifier: MIT
// The servers of a client against scripted nodes of a cluster, which may say anything.
#include "store/servers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "connection/scripted_server_for_test.hpp"

namespace drover::store::servers_test {
namespace {

using namespace std::chrono_literals;
using connection::bulk;
using connection::scripted_server;
using words = std::vector<std::string>;

const std::string key = "t:1.0:v:{=k}";
const std::vector<std::string> keys{key, "t:1.0:l:{=k}"};
const std::string slot = std::to_string(cluster::slot_of(key));
const entry::token a = entry::token::from("aaaaaaaaaaaaaaaa");

/// A node that answers each command with the next of its texts, and with the last one from then on.
class scripted_node {
 public:
  scripted_node() {
    server_.be_in_cluster();
    answer("CLUSTER", {"-ERR unknown subcommand\r\n"});
  }
  void answer(const std::string& command, std::vector<std::string> wires) {
    const std::scoped_lock lock{mutex_};
    std::reverse(wires.begin(), wires.end());
    answers_[command] = std::move(wires);
  }
  [[nodiscard]] words received() const {
    const std::scoped_lock lock{mutex_};
    return received_;
  }
  [[nodiscard]] long count(const std::string& command) const {
    const std::scoped_lock lock{mutex_};
    return std::count(received_.begin(), received_.end(), command);
  }
  [[nodiscard]] base::host_port at() const { return {"127.0.0.1", server_.port()}; }
  [[nodiscard]] std::string moved() const { return redirect("MOVED"); }
  [[nodiscard]] std::string ask() const { return redirect("ASK"); }
  scripted_server& server() { return server_; }

 private:
  [[nodiscard]] std::string redirect(const std::string& how) const {
    return "-" + how + " " + slot + " " + describe(at()) + "\r\n";
  }
  void serve(const connection::scripted_peer& peer, const words& arguments) {
    std::string wire = "+OK\r\n";
    {
      const std::scoped_lock lock{mutex_};
      received_.push_back(arguments[0]);
      const auto named = answers_.find(arguments[0]);
      if (named != answers_.end()) {
        wire = named->second.back();
        if (named->second.size() > 1) named->second.pop_back();
      } else if (arguments[0] == "PING") {
        wire = bulk(arguments[1]);
      } else if (arguments[0] == "TIME") {
        wire = "*2\r\n$4\r\n1000\r\n$1\r\n0\r\n";
      }
    }
    peer.send(wire);
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> answers_;
  words received_;
  scripted_server server_{[this](const connection::scripted_peer& peer, const words& arguments) {
                            serve(peer, arguments);
                          },
                          {},
                          scripted_server::over::tcp};
};

server_events unheard() {
  return {.up = [](const redis_store&, const connection::greeting&) {},
          .down = [](const redis_store&, const fault&) {},
          .changed = [](std::string_view) {},
          .everything_changed = [](const redis_store&) {},
          .waking = [](const redis_store&, wake_mode) {},
          .refused = [](const redis_store&, const fault&) {},
          .alarm = [] {},
          .moving = [](const cluster::slot_set&) {},
          .moved = [](const cluster::slot_set&) {}};
}

class cluster_of_scripts : public testing::Test {
 protected:
  ~cluster_of_scripts() override {
    if (client_) client_->close();
  }
  /// The client, which knows the first node only.
  servers& client() {
    if (!client_) {
      connection::settings with;
      with.at.cluster_seeds = {one.at()};
      with.connect_max = with.silence_max = 20s;
      client_ = std::make_unique<servers>(with, std::move(events), false, access);
    }
    return *client_;
  }
  redis_store::looked_up get() { return client().get(key, {}); }
  result<leased> lease() {
    auto promise = std::make_shared<std::promise<result<leased>>>();
    auto future = promise->get_future();
    client().lease({.value_key = key, .attempt = a, .lease_ttl = 1s, .pending_ttl = 1h},
                   [promise](result<leased> reply) { promise->set_value(std::move(reply)); });
    return future.get();
  }
  /// "a node, and all of its slots": one entry of CLUSTER SLOTS.
  static std::string entry_of(const scripted_node& node, int first, int last) {
    return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n*3\r\n" +
           bulk(node.at().host) + ":" + std::to_string(node.at().port) + "\r\n" +
           bulk("id" + std::to_string(node.at().port));
  }
  static void tell_map(scripted_node& node, const words& entries) {
    std::string wire = "*" + std::to_string(entries.size()) + "\r\n";
    for (const std::string& one_entry : entries) wire += one_entry;
    node.answer("CLUSTER", {"-ERR unknown subcommand\r\n", wire});
  }

  scripted_node one;
  scripted_node two;
  server_events events = unheard();
  cluster_access access{};
  std::unique_ptr<servers> client_;
};

TEST_F(cluster_of_scripts, MovedIsFollowedAndRemembered) {
  one.answer("GET", {two.moved()});
  two.answer("GET", {bulk("v")});
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  EXPECT_EQ(one.count("GET"), 1);
  EXPECT_EQ(two.count("GET"), 2);
  EXPECT_TRUE(client().is_at(key, *get().by));
}

TEST_F(cluster_of_scripts, AskIsFollowedOnceAndNotRemembered) {
  one.answer("GET", {two.ask()});
  two.answer("GET", {bulk("v")});
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  EXPECT_EQ(one.count("GET"), 2);
  const words all = two.received();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] != "GET") continue;
    ASSERT_GT(i, 0U);
    EXPECT_EQ(all[i - 1], "ASKING");
  }
  EXPECT_EQ(two.count("ASKING"), 2);
}

TEST_F(cluster_of_scripts, TheTargetOfAnAskGetsTheScriptsFirst) {
  one.answer("EVALSHA", {two.ask()});
  two.answer("EVALSHA",
             {"-NOSCRIPT No matching script.\r\n", "*4\r\n:1\r\n:5\r\n:0\r\n$0\r\n\r\n"});
  const auto got = lease();
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->reply.outcome, lease::lease_outcome::lead);
  EXPECT_FALSE(got->is_tracked) << "ASKING and CLIENT CACHING YES cancel each other";
  EXPECT_EQ(two.count("ASKING"), 2);
  EXPECT_EQ(two.count("EVALSHA"), 2);
}

TEST_F(cluster_of_scripts, EachKeyIsRemovedByItsOwnCommand) {
  one.answer("UNLINK", {":1\r\n", "-TRYAGAIN Multiple keys request\r\n", ":1\r\n"});
  EXPECT_TRUE(client().invalidate(keys)) << "after a pause";
  EXPECT_EQ(one.count("UNLINK"), 4);
  one.answer("UNLINK", {two.ask(), ":1\r\n"});
  two.answer("UNLINK", {":1\r\n"});
  EXPECT_TRUE(client().invalidate(keys));
  EXPECT_EQ(two.count("UNLINK"), 2);
  EXPECT_EQ(two.count("ASKING"), 2);
}

TEST_F(cluster_of_scripts, RedirectsWithoutEndAreAFault) {
  for (const char* command : {"GET", "EVALSHA", "UNLINK"}) {
    one.answer(command, {two.moved()});
    two.answer(command, {one.moved()});
  }
  const auto got = get();
  ASSERT_FALSE(got.entry);
  EXPECT_EQ(got.entry.error().code, fault_code::unreachable);
  EXPECT_NE(got.entry.error().text.find("without end"), std::string::npos);
  EXPECT_EQ(one.count("GET") + two.count("GET"), 6);
  const auto leased = lease();
  ASSERT_FALSE(leased);
  EXPECT_EQ(leased.error().code, fault_code::unreachable);
  EXPECT_EQ(client().invalidate(keys).error().code, fault_code::unreachable);
}

TEST_F(cluster_of_scripts, ARedirectToADeadOrWrongAddressIsAFault) {
  const words wrong{"MOVED " + slot + " 127.0.0.1:1",
                    "ASK " + slot + " 127.0.0.1:1",
                    "MOVED 1 127.0.0.1:1",
                    "MOVED 99999 127.0.0.1:1",
                    "MOVED " + slot,
                    "MOVED " + slot + " not/a/host:1",
                    "ASK x y",
                    "MOVED",
                    "CROSSSLOT Keys in request"};
  for (const std::string& text : wrong) {
    one.answer("GET", {"-" + text + "\r\n"});
    const auto got = get();
    ASSERT_FALSE(got.entry) << text;
    const auto& at = client().at(key);
    if (!client().is_at(key, client().home())) {
      EXPECT_EQ(client().name_of(at), "127.0.0.1:1");
      client_->close();
      client_.reset();
    }
  }
}

TEST_F(cluster_of_scripts, AClusterThatIsDownIsAskedAgainAndThenAway) {
  one.answer("GET", {"-CLUSTERDOWN The cluster is down\r\n", bulk("v")});
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  one.answer("GET", {"-CLUSTERDOWN Hash slot not served\r\n"});
  one.answer("EVALSHA", {"-CLUSTERDOWN Hash slot not served\r\n"});
  EXPECT_EQ(get().entry.error().code, fault_code::unreachable);
  EXPECT_EQ(lease().error().code, fault_code::unreachable);
  const auto late = client().get(key, {.deadline = now() + 1ms, .stop = {}});
  EXPECT_TRUE(late.ended == connection::exchange_end::deadline_passed || !late.entry);
}

TEST_F(cluster_of_scripts, TheMapLeadsToTheOwners) {
  tell_map(one, {entry_of(one, 0, 8000), entry_of(two, 8001, 16383)});
  one.answer("GET", {bulk("one")});
  two.answer("GET", {bulk("two")});
  std::promise<cluster::slot_set> moved;
  events.moved = [&, is_first = true](const cluster::slot_set& slots) mutable {
    if (std::exchange(is_first, false)) moved.set_value(slots);
  };
  static_cast<void>(get());
  const cluster::slot_set all = moved.get_future().get();
  EXPECT_TRUE(all.any());
  while (client().in_use().size() < 2) std::this_thread::yield();
  const auto name_at = [&](const std::string& some_key) {
    return client().name_of(client().at(some_key));
  };
  for (int i = 0; i < 50; ++i) {
    const std::string other = "k" + std::to_string(i);
    const scripted_node& owner = cluster::slot_of(other) <= 8000 ? one : two;
    EXPECT_EQ(name_at(other), describe(owner.at())) << other;
  }
  const std::string id = client().key_at(*client().in_use()[1], "id",
                                         [](const std::string& text) { return "c:" + text; });
  EXPECT_TRUE(client().is_at(id, *client().in_use()[1]));
}

TEST_F(cluster_of_scripts, SlotsWithoutAnOwnerStayWhereTheyWere) {
  tell_map(one, {entry_of(two, 0, 5), entry_of(two, 0, 5)});
  one.answer("GET", {"-CLUSTERDOWN Hash slot not served\r\n"});
  EXPECT_EQ(get().entry.error().code, fault_code::unreachable);
  EXPECT_EQ(two.count("GET"), 0);
  while (client().in_use().empty()) std::this_thread::yield();
  EXPECT_EQ(client().reached().now, connection::reachability::state::away);
  EXPECT_EQ(client().reached().reason, "no node owns 16378 of the hash slots");
}

TEST_F(cluster_of_scripts, ManyRedirectsAskForTheMapOnceASecond) {
  const auto began = std::chrono::steady_clock::now();
  two.answer("GET", {bulk("v")});
  for (int i = 0; i < 200; ++i) {
    const std::string other = "k" + std::to_string(i);
    one.answer("GET", {"-MOVED " + std::to_string(cluster::slot_of(other)) + " " +
                       describe(two.at()) + "\r\n"});
    EXPECT_EQ(client().get(other, {}).entry.value_or(std::nullopt), "v");
  }
  const auto took = std::chrono::steady_clock::now() - began;
  // Each refresh asks twice: SHARDS is refused. The first pauses are shorter while there is no map.
  const auto refreshes = 2 + took / 100ms;
  EXPECT_LE(one.count("CLUSTER") + two.count("CLUSTER"), 2 * 2 * refreshes);
}

TEST_F(cluster_of_scripts, AnnouncedAddressesCanBeTranslated) {
  access.address = [&](const base::host_port& announced) {
    return announced.host == "inside" ? two.at() : announced;
  };
  one.answer("GET", {"-MOVED " + slot + " inside:6379\r\n"});
  two.answer("GET", {bulk("v")});
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  EXPECT_EQ(client().name_of(client().at(key)), "inside:6379");
}

TEST_F(cluster_of_scripts, AnotherSeedIsAskedWhenOneIsAway) {
  connection::settings with;
  with.at.cluster_seeds = {{"127.0.0.1", 1}, {"127.0.0.1", 2}, two.at()};
  with.connect_max = with.silence_max = 20s;
  client_ = std::make_unique<servers>(with, std::move(events), false, access);
  two.answer("GET", {bulk("v")});
  // A request waits some 50 ms for a seed that answers, which a busy machine may need for two.
  while (get().entry.value_or(std::nullopt) != "v") std::this_thread::yield();
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
}

TEST_F(cluster_of_scripts, ARedirectIsNoRefusal) {
  std::atomic<int> refusals{0};
  events.refused = [&](const redis_store&, const fault&) { ++refusals; };
  tell_map(one, {entry_of(one, 0, 16383)});
  one.answer("GET", {two.ask()});
  one.answer("EVALSHA", {two.ask()});
  two.answer("GET", {bulk("v")});
  two.answer("EVALSHA", {"*4\r\n:1\r\n:5\r\n:0\r\n$0\r\n\r\n"});
  EXPECT_TRUE(get().entry);
  EXPECT_TRUE(lease());
  client().close();
  EXPECT_EQ(refusals, 0);
  EXPECT_FALSE(client().is_any_refused());
}

TEST_F(cluster_of_scripts, RequestsEndWithTheClient) {
  one.answer("EVALSHA", {two.moved()});
  std::atomic<int> ended{0};
  for (int i = 0; i < 50; ++i) {
    client().lease({.value_key = key, .attempt = a, .lease_ttl = 1s, .pending_ttl = 1h},
                   [&](const result<leased>&) { ++ended; });
  }
  client().close();
  EXPECT_EQ(ended, 50);
}

TEST_F(cluster_of_scripts, RequestsWithoutScriptsEndWithTheClient) {
  one.answer("EVALSHA", {"-NOPERM User app has no permissions to run the 'evalsha' command\r\n"});
  one.answer("SET", {"-ERR syntax error\r\n"});
  one.answer("WATCH", {""});
  std::atomic<int> ended{0};
  for (int i = 0; i < 50; ++i) {
    client().lease({.value_key = key, .attempt = a, .lease_ttl = 1s, .pending_ttl = 1h},
                   [&](const result<leased>&) { ++ended; });
  }
  while (one.count("WATCH") == 0) std::this_thread::yield();
  client().close();
  EXPECT_EQ(ended, 50);
}

TEST_F(cluster_of_scripts, WithoutAMapTheOwnersThatRedirectsNamedStay) {
  one.answer("GET", {two.moved()});
  two.answer("GET", {bulk("v")});
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  while (one.count("CLUSTER") + two.count("CLUSTER") < 10) std::this_thread::yield();
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  EXPECT_EQ(one.count("GET"), 1);
}

// The ids of clients are marked with 16 bits of the node's run id.
TEST_F(cluster_of_scripts, EachNodeThatMayHaveGivenTheIdIsAskedForTheHolder) {
  one.server().be("same", "master");
  two.server().be("same", "master");
  one.answer("GET", {two.moved()});
  two.answer("GET", {bulk("v")});
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  const std::uint64_t mark = client().at(key).client_id() >> 48U << 48U;
  ASSERT_NE(mark, 0U);
  const std::vector<std::uint64_t> holder{mark | 77777};
  for (const bool is_at_two : {false, true}) {
    (is_at_two ? two : one).answer("CLIENT", {bulk("id=77777 addr=?\n")});
    (is_at_two ? one : two).answer("CLIENT", {bulk("")});
    std::promise<result<std::vector<std::uint64_t>>> alive;
    client().holders(holder, [&](auto answer) { alive.set_value(std::move(answer)); });
    EXPECT_EQ(alive.get_future().get().value(), holder) << is_at_two;
  }
}

// A plain URL: the greeting says what the server is.
TEST_F(cluster_of_scripts, APlainServerCanTurnOutToBeANode) {
  connection::settings with;
  with.at.host = one.at().host;
  with.at.port = one.at().port;
  with.connect_max = with.silence_max = 20s;
  client_ = std::make_unique<servers>(with, std::move(events), false, access);
  EXPECT_FALSE(client().is_cluster());
  one.answer("GET", {two.moved()});
  two.answer("GET", {bulk("v")});
  EXPECT_EQ(get().entry.value_or(std::nullopt), "v");
  EXPECT_TRUE(client().is_cluster());
}

}  // namespace
}  // namespace drover::store::servers_test
