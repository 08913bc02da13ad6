// SPDX-License-Identifier: MIT
// The auditor in front of a real cluster: a client that follows the replies meets the listeners of
// the proxy only, while the cluster is resharded, grows, and fails over.
#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <set>

#include "audit/proxy/live_capture.hpp"
#include "audit/run/upstream.hpp"
#include "integration/audit_proxy_world.hpp"
#include "support/certificates.hpp"
#include "support/cluster_servers.hpp"
#include "text/usage_error.hpp"

namespace drover::test::audit_cluster_test {
namespace {

using namespace std::chrono_literals;

void ignore(const std::string& /*line*/) {}

audit::proxy_settings in_front_of_cluster(const std::string& upstream) {
  audit::upstream found = audit::explore(audit::server_from_option(upstream), {}, ignore);
  audit::proxy_settings with = in_front_of(found.first);
  with.several = std::move(found.several);
  return with;
}

std::uint16_t port_at_the_end(std::string_view address) {
  address = address.substr(address.rfind(':') + 1);
  std::uint16_t port = 0;
  std::from_chars(address.data(), address.data() + address.size(), port);
  return port;
}

/// Follows redirects, and remembers the ports to which they led.
class following_client {
 public:
  explicit following_client(std::uint16_t port) : port_{port} {}

  std::string operator()(std::initializer_list<std::string_view> command) {
    bool asks = false;
    for (int hops = 0; hops < 100; ++hops) {
      if (asks) at(port_).command({"ASKING"});
      const resp::message reply = at(port_).command(command);
      const resp::view root = reply.root();
      const std::string text{root.text()};
      asks = root.is_error() && text.starts_with("ASK ");
      if (!asks && !(root.is_error() && text.starts_with("MOVED "))) return text;
      port_ = port_at_the_end(text);
    }
    throw std::runtime_error{"redirected for ever"};
  }
  raw_client& at(std::uint16_t port) {
    auto known = connections_.find(port);
    if (known == connections_.end()) {
      known = connections_.emplace(port, raw_client::over_tcp(port)).first;
    }
    return known->second;
  }
  [[nodiscard]] std::set<std::uint16_t> ports() const {
    std::set<std::uint16_t> out;
    for (const auto& [port, connection] : connections_) out.insert(port);
    return out;
  }

 private:
  std::uint16_t port_;
  std::map<std::uint16_t, raw_client> connections_;
};

/// A cluster behind a proxy with a capture.
class audit_cluster : public testing::Test {
 protected:
  void start(cluster_servers::options with = {}) {
    cluster_.emplace(std::move(with));
    ASSERT_TRUE(sight_.start());
    proxy_.emplace(in_front_of_cluster(cluster_->nodes.front()->tcp_url()), &sight_);
  }
  [[nodiscard]] std::set<std::uint16_t> server_ports() const {
    std::set<std::uint16_t> out;
    for (const auto& node : cluster_->nodes) out.insert(node->port());
    return out;
  }
  void expect_no_server_in(const std::set<std::uint16_t>& ports) const {
    for (const std::uint16_t port : server_ports()) EXPECT_EQ(ports.count(port), 0U) << port;
  }
  void stop() {
    proxy_->inner.stop();
    sight_.stop();
  }

  std::optional<cluster_servers> cluster_;
  seen_records records_;
  audit::live_capture sight_{{}, records_};
  std::optional<spoken_proxy> proxy_;
};

/// All integers and texts of a reply.
void collect(const resp::view& value, std::vector<std::string>& into) {
  if (value.kind() == resp::type::integer) into.push_back(std::to_string(value.integer()));
  if (value.is_string()) into.emplace_back(value.text());
  for (std::size_t i = 0; i < value.size(); ++i) collect(value[i], into);
}

TEST_F(audit_cluster, EveryAddressIsThatOfAListener) {
  start();
  for (const char* const protocol : {"2", "3"}) {
    SCOPED_TRACE(protocol);
    auto client = raw_client::over_tcp(proxy_->at.port);
    client.command({"HELLO", protocol});
    const auto slots = client.command({"CLUSTER", "SLOTS"});
    std::map<std::string, std::uint16_t> nodes;
    for (std::size_t i = 0; i < slots.root().size(); ++i) {
      const resp::view range = slots.root()[i];
      for (std::size_t j = 2; j < range.size(); ++j) {
        EXPECT_EQ(range[j][0].text(), "127.0.0.1");
        nodes[std::string{range[j][2].text()}] = static_cast<std::uint16_t>(range[j][1].integer());
      }
    }
    EXPECT_GE(nodes.size(), 3U);  // replicas are named once they have got something
    for (const auto& [id, port] : nodes) {
      EXPECT_EQ(raw_client::over_tcp(port).command({"CLUSTER", "MYID"}).root().text(), id);
      EXPECT_EQ(server_ports().count(port), 0U);
    }
    // The other two forms name the same listeners.
    const auto shards = client.command({"CLUSTER", "SHARDS"});
    std::vector<std::string> texts;
    collect(shards.root(), texts);
    const auto lines = read_cluster_nodes(client.command({"CLUSTER", "NODES"}).root().text());
    EXPECT_EQ(lines.nodes.size(), cluster_->nodes.size());
    for (const seen_node& node : lines.nodes) {
      EXPECT_TRUE(nodes.count(node.id) == 0 || nodes[node.id] == node.port);
      EXPECT_EQ(server_ports().count(node.port), 0U);
      EXPECT_EQ(std::ranges::count(texts, std::to_string(node.port)), 1) << node.port;
    }
    for (const std::uint16_t port : server_ports()) {
      EXPECT_EQ(std::ranges::count(texts, std::to_string(port)), 0) << port;
    }
  }
}

TEST_F(audit_cluster, OneCaptureHasTheCommandsOfAllNodes) {
  start({.replicas_each = 0});
  following_client client{proxy_->at.port};
  constexpr int keys = 60;
  for (int i = 0; i < keys; ++i) {
    const std::string key = "user:" + std::to_string(i);
    EXPECT_EQ(client({"SET", key, "v"}), "OK");
    EXPECT_EQ(client({"GET", key}), "v");
  }
  EXPECT_EQ(client.ports().size(), 3U);
  expect_no_server_in(client.ports());
  stop();
  const auto all = records_.commands();
  const auto answered = std::ranges::count_if(all, [](const audit::event& command) {
    return command.command == "SET" && command.answer.kind == audit::reply_kind::status;
  });
  EXPECT_EQ(answered, keys);
  EXPECT_TRUE(records_.blind().empty());
}

TEST_F(audit_cluster, ASlotThatMovesIsFollowedThroughTheProxy) {
  start({.replicas_each = 0});
  const std::string key = "{user}:1";
  following_client client{proxy_->at.port};
  EXPECT_EQ(client({"SET", key, "v"}), "OK");
  redis_server& from = cluster_->owner_of(std::string_view{key});
  redis_server& to = *std::ranges::find_if(cluster_->nodes, [&](const auto& node) {
                        return node.get() != &from;
                      })->get();
  const std::vector<slot_move> moves{{cluster_->slot_of(key), &from, &to}};
  cluster_->begin_moves(moves);
  EXPECT_EQ(client({"GET", key}), "v");
  EXPECT_EQ(client({"SET", "{user}:2", "w"}), "OK");  // by ASK
  cluster_->move_keys(moves, 10);
  EXPECT_EQ(client({"GET", key}), "v");  // by ASK
  cluster_->end_moves(moves);
  EXPECT_EQ(client({"GET", key}), "v");  // by MOVED
  EXPECT_EQ(client({"GET", "{user}:2"}), "w");
  expect_no_server_in(client.ports());
  stop();
  EXPECT_GE(records_.count("asking"), 1U);
}

TEST_F(audit_cluster, RedirectsInPipelinesAndTransactionsLeadToListeners) {
  start({.replicas_each = 0});
  auto client = raw_client::over_tcp(proxy_->at.port);
  unsigned moved = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string key = "user:" + std::to_string(i);
    client.send_command({"MULTI"});
    client.send_command({"GET", key});
    client.send_command({"CLUSTER", "NODES"});
    client.send_command({"EXEC"});
    client.send_command({"PING"});
    const auto replies = client.read_replies(5);
    EXPECT_EQ(replies[4].root().text(), "PONG");
    const resp::view queued = replies[1].root();
    if (!queued.is_error()) {
      const auto lines = read_cluster_nodes(replies[3].root()[1].text());
      for (const seen_node& node : lines.nodes) EXPECT_EQ(server_ports().count(node.port), 0U);
      continue;
    }
    ++moved;
    const std::uint16_t port = port_at_the_end(queued.text());
    EXPECT_EQ(server_ports().count(port), 0U) << queued.text();
  }
  EXPECT_GT(moved, 0U);
}

TEST_F(audit_cluster, ANodeThatComesLaterGetsAListener) {
  start({.replicas_each = 0});
  const redis_server& added = cluster_->add_node();
  const std::string id = cluster_->id_of(added);
  auto client = raw_client::over_tcp(proxy_->at.port);
  const auto lines = read_cluster_nodes(client.command({"CLUSTER", "NODES"}).root().text());
  const auto node = std::ranges::find(lines.nodes, id, &seen_node::id);
  ASSERT_NE(node, lines.nodes.end());
  EXPECT_NE(node->port, added.port());
  EXPECT_EQ(raw_client::over_tcp(node->port).command({"CLUSTER", "MYID"}).root().text(), id);
}

TEST_F(audit_cluster, EveryKindOfEndpointLeadsToAListener) {
  ASSERT_TRUE(sight_.start());
  for (const char* const kind : {"hostname", "unknown-endpoint"}) {
    SCOPED_TRACE(kind);
    cluster_.emplace(
        cluster_servers::options{.replicas_each = 0,
                                 .arguments = {"--cluster-announce-hostname", "localhost",
                                               "--cluster-preferred-endpoint-type", kind}});
    const spoken_proxy proxy{in_front_of_cluster(cluster_->nodes.front()->tcp_url())};
    following_client client{proxy.at.port};
    for (int i = 0; i < 20; ++i) EXPECT_EQ(client({"SET", "user:" + std::to_string(i), "v"}), "OK");
    EXPECT_EQ(client.ports().size(), 3U);
    expect_no_server_in(client.ports());
    std::vector<std::string> texts;
    collect(client.at(proxy.at.port).command({"CLUSTER", "SLOTS"}).root(), texts);
    collect(client.at(proxy.at.port).command({"CLUSTER", "SHARDS"}).root(), texts);
    EXPECT_EQ(std::ranges::count(texts, "localhost"), 0);
    for (const std::uint16_t port : server_ports()) {
      EXPECT_EQ(std::ranges::count(texts, std::to_string(port)), 0) << port;
    }
  }
  sight_.stop();
}

TEST_F(audit_cluster, AFailoverIsFollowedThroughTheProxy) {
  start();
  following_client client{proxy_->at.port};
  EXPECT_EQ(client({"SET", "k", "v"}), "OK");
  redis_server& replica = cluster_->replica_of(cluster_->owner_of(std::string_view{"k"}));
  cluster_->fail_over_to(replica);
  EXPECT_EQ(client({"GET", "k"}), "v");
  EXPECT_EQ(client({"SET", "k", "w"}), "OK");
  EXPECT_EQ(&cluster_->owner_of(std::string_view{"k"}), &replica);
  expect_no_server_in(client.ports());
}

TEST_F(audit_cluster, ReplicasAnswerReadsThroughTheirListeners) {
  start();
  following_client client{proxy_->at.port};
  EXPECT_EQ(client({"SET", "k", "v"}), "OK");
  redis_server& primary = cluster_->owner_of(std::string_view{"k"});
  const std::string id = cluster_->id_of(cluster_->replica_of(primary));
  const auto lines =
      read_cluster_nodes(client.at(proxy_->at.port).command({"CLUSTER", "NODES"}).root().text());
  const auto node = std::ranges::find(lines.nodes, id, &seen_node::id);
  ASSERT_NE(node, lines.nodes.end());
  auto reader = raw_client::over_tcp(node->port);
  EXPECT_EQ(reader.command({"READONLY"}).root().text(), "OK");
  primary.command({"WAIT", "1", "10000"});
  EXPECT_EQ(reader.command({"GET", "k"}).root().text(), "v");
}

TEST(audit_cluster_tls, NodesWithTlsAreReachedWithoutAndWithIt) {
  const scratch_folder folder;
  authority ca{"authority of the cluster"};
  const certificate_and_key own = ca.issue();
  const std::string ca_file = folder.write("ca.pem", ca.certificate());
  cluster_servers cluster{
      {.replicas_each = 0,
       .arguments = {"--tls-cert-file", folder.write("server.pem", own.certificate),
                     "--tls-key-file", folder.write("server.key", own.key), "--tls-ca-cert-file",
                     ca_file, "--tls-auth-clients", "no", "--tls-cluster", "yes"},
       .tls = true}};
  const tls_options trusting{.ca = {.file = ca_file}};
  audit::upstream found =
      audit::explore(audit::server_from_option("rediss+cluster://localhost:" +
                                               std::to_string(cluster.nodes.front()->tls_port())),
                     trusting, ignore);
  ASSERT_TRUE(found.several);
  EXPECT_EQ(found.several->nodes.size(), 3U);
  audit::proxy_settings with = in_front_of(found.first);
  with.server_tls = found.tls;
  with.several = std::move(found.several);
  spoken_proxy proxy{with};
  following_client client{proxy.at.port};
  for (int i = 0; i < 30; ++i) {
    const std::string key = "user:" + std::to_string(i);
    EXPECT_EQ(client({"SET", key, "v"}), "OK");
  }
  EXPECT_EQ(client.ports().size(), 3U);
  // Without TLS, the client needs the field of the port without TLS.
  const auto shards = client.at(proxy.at.port).command({"CLUSTER", "SHARDS"});
  std::vector<std::string> texts;
  collect(shards.root(), texts);
  for (const std::uint16_t port : client.ports()) {
    EXPECT_GE(std::ranges::count(texts, std::to_string(port)), 1);
  }
  for (const auto& node : cluster.nodes) {
    EXPECT_EQ(std::ranges::count(texts, std::to_string(node->port())), 0);
    EXPECT_EQ(std::ranges::count(texts, std::to_string(node->tls_port())), 0);
  }
}

std::string refusal_of(const std::string& upstream) {
  try {
    static_cast<void>(audit::explore(audit::server_from_option(upstream), {}, ignore));
  } catch (const text::usage_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(audit_cluster_refusal, ACauseAndARemedyAreNamed) {
  const redis_server single{{.tcp = true, .arguments = {}}};
  const redis_server empty{{.tcp = true, .arguments = {"--cluster-enabled", "yes"}}};
  const std::string port = std::to_string(single.port());
  EXPECT_NE(refusal_of("redis+cluster://127.0.0.1:" + port).find("no node of a cluster"),
            std::string::npos);
  const std::string uncovered = refusal_of(empty.tcp_url());
  EXPECT_NE(uncovered.find("0 of 16384 slots"), std::string::npos) << uncovered;
  EXPECT_NE(uncovered.find("redis-cli --cluster fix"), std::string::npos) << uncovered;
  const std::string nowhere = refusal_of("redis+cluster://u:hush@127.0.0.1:1,127.0.0.1:2");
  EXPECT_NE(nowhere.find("127.0.0.1:1"), std::string::npos) << nowhere;
  EXPECT_NE(nowhere.find("127.0.0.1:2"), std::string::npos) << nowhere;
  EXPECT_EQ(nowhere.find("hush"), std::string::npos) << nowhere;
}

TEST(audit_cluster_ports, AreThoseThatFollowTheFirst) {
  cluster_servers cluster{{.replicas_each = 0}};
  audit::proxy_settings with = in_front_of_cluster(cluster.nodes.front()->tcp_url());
  // Of two neighbours one is taken: the message says which ports are needed.
  const plain_listener taken;
  with.listen.port = static_cast<std::uint16_t>(taken.at().port - 1);
  audit::proxy subject{with};
  const auto listening = subject.listen();
  ASSERT_FALSE(listening);
  EXPECT_NE(listening.error().text.find("in use"), std::string::npos) << listening.error().text;
}

}  // namespace
}  // namespace drover::test::audit_cluster_test
