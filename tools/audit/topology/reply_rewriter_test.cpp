// SPDX-License-Identifier: MIT
#include "audit/topology/reply_rewriter.hpp"

#include <gtest/gtest.h>

#include <string>

#include "audit/topology/cluster_replies.hpp"
#include "audit/topology/directory_for_test.hpp"
#include "resp/reader.hpp"
#include "resp/writer.hpp"

namespace drover::audit::reply_rewriter_test {
namespace {

using testing::directory_for_test;

/// A request from words that are separated by spaces.
std::string request(std::string_view words) {
  std::vector<std::string_view> all;
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    all.push_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  std::string out;
  resp::write_command(out, all);
  return out;
}

/// A reply that is written with spaces in place of line ends, and ' for a bulk: "*2 'a :1".
std::string reply(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (word.front() == '\'') {
      out += '$' + std::to_string(word.size() - 1) + "\r\n" + std::string{word.substr(1)} + "\r\n";
    } else {
      out += std::string{word} + "\r\n";
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

struct conversation {
  explicit conversation(server_role role = server_role::cluster_node, address_view with = {})
      : seen{std::move(with)}, subject{role, (complete(seen), seen), nodes} {}
  static void complete(address_view& view) {
    view.proxy_host = "127.0.0.1";
    view.server_host = "10.0.0.1";
  }

  /// What the client gets, with the server's bytes in slices of each size.
  std::string pass(const std::string& bytes, std::size_t slice) {
    std::string out;
    for (std::string_view left = bytes; !left.empty();) {
      const auto size = std::min(slice, left.size());
      out += subject.replied(left.substr(0, size));
      left.remove_prefix(size);
    }
    return out;
  }

  address_view seen;
  directory_for_test nodes;
  reply_rewriter subject;
};

/// The client's bytes for the given requests and replies, for all sizes of slices.
std::string got(const std::string& requests, const std::string& replies,
                server_role role = server_role::cluster_node, address_view with = {}) {
  std::string out;
  for (std::size_t slice = replies.size(); slice > 0; slice = slice > 7 ? 7 : slice - 1) {
    conversation talk{role, with};
    talk.subject.requested(requests);
    const std::string now = talk.pass(replies, slice) + talk.subject.take_held();
    EXPECT_TRUE(out.empty() || now == out) << "slices of " << slice << ": " << now;
    out = now;
  }
  return out;
}

TEST(audit_reply_rewriter, RedirectsLeadToTheListeners) {
  const std::string requests = request("GET a") + request("GET b") + request("SET c 1");
  EXPECT_EQ(got(requests, "-MOVED 3999 10.0.0.2:7001\r\n$1\r\nx\r\n-ASK 7 10.0.0.3:7002\r\n"),
            "-MOVED 3999 127.0.0.1:17001\r\n$1\r\nx\r\n-ASK 7 127.0.0.1:17002\r\n");
}

TEST(audit_reply_rewriter, ARedirectWithoutAHostMeansTheHostOfTheConnection) {
  conversation talk;
  EXPECT_EQ(talk.pass("-MOVED 1 :7001\r\n", 100), "-MOVED 1 127.0.0.1:17001\r\n");
  EXPECT_EQ(talk.nodes.asked, std::vector<std::string>{"10.0.0.1:7001"});
  EXPECT_EQ(talk.pass("-MOVED 1 ?:7001\r\n-MOVED 1 ::1:7001\r\n", 100),
            "-MOVED 1 ?:7001\r\n-MOVED 1 127.0.0.1:17001\r\n");
}

TEST(audit_reply_rewriter, ValuesThatLookLikeAddressesStay) {
  const std::string value = "-MOVED 1 10.0.0.2:7001\r\n-ASK 1 h:1";
  const std::string bulk = "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
  for (const std::string& same :
       {bulk, std::string{"-MOVED\r\n"}, std::string{"-MOVED 1 h\r\n"},
        std::string{"+MOVED 1 h:1\r\n"}, std::string{"-ERR MOVED 1 h:1\r\n"},
        std::string{"-MOVED 1 h:30000\r\n"}, "*2\r\n" + bulk + bulk,
        std::string{"|1\r\n+k\r\n+v\r\n:1\r\n"}, std::string{"*-1\r\n_\r\n"}}) {
    EXPECT_EQ(got(request("GET a"), same), same);
  }
}

TEST(audit_reply_rewriter, InATransactionToo) {
  const std::string requests = request("MULTI") + request("GET a") + request("CLUSTER NODES") +
                               request("GET b") + request("EXEC") + request("GET c");
  const std::string line = "id 10.0.0.2:7001@17001 master - 0 1 1 connected 0-1\n";
  const std::string bulk = "$" + std::to_string(line.size()) + "\r\n" + line + "\r\n";
  const std::string changed = "id 127.0.0.1:17001@17001 master - 0 1 1 connected 0-1\n";
  const std::string changed_bulk = "$" + std::to_string(changed.size()) + "\r\n" + changed + "\r\n";
  EXPECT_EQ(got(requests, "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n$-1\r\n" + bulk +
                              "-MOVED 1 10.0.0.2:7001\r\n" + bulk),
            "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n$-1\r\n" + changed_bulk +
                "-MOVED 1 127.0.0.1:17001\r\n" + bulk);
  EXPECT_EQ(got(request("MULTI") + request("GET a") + request("EXEC"),
                "+OK\r\n-MOVED 1 h:1\r\n-EXECABORT x\r\n"),
            "+OK\r\n-MOVED 1 127.0.0.1:10001\r\n-EXECABORT x\r\n");
}

TEST(audit_reply_rewriter, SlotsOfBothProtocolsAndWithOtherNames) {
  EXPECT_EQ(got(request("cluster slots"),
                reply("*1 *4 :0 :5 *4 '10.0.0.1 :7000 'id *0 *4 '10.0.0.2 :7001 'id2 *2 'hostname "
                      "'b.x")),
            reply("*1 *4 :0 :5 *4 '127.0.0.1 :17000 'id *0 *4 '127.0.0.1 :17001 'id2 *2 'hostname "
                  "'127.0.0.1"));
  EXPECT_EQ(got(request("HELLO 3") + request("CLUSTER SLOTS") + request("GET a"),
                reply("%1 'proto :3 *1 *3 :0 :5 *4 _ :7000 'id %1 'ip '10.9.9.9 '10.0.0.1")),
            reply("%1 'proto :3 *1 *3 :0 :5 *4 '127.0.0.1 :17000 'id %1 'ip '127.0.0.1 "
                  "'10.0.0.1"));
}

TEST(audit_reply_rewriter, AnAttributeBeforeTheReplyStays) {
  EXPECT_EQ(got(request("HELLO 3") + request("CLUSTER SLOTS"),
                reply("%0 |1 'host '10.0.0.1 *1 *3 :0 :5 *3 '10.0.0.1 :7000 'id")),
            reply("%0 |1 'host '10.0.0.1 *1 *3 :0 :5 *3 '127.0.0.1 :17000 'id"));
}

TEST(audit_reply_rewriter, ShardsNameThePortThatTheClientNeeds) {
  const std::string node =
      "*1 *4 'slots *2 :0 :5 'nodes *1 *8 'id 'x 'port :7000 'ip '10.0.0.1 "
      "'endpoint '10.0.0.1";
  EXPECT_EQ(got(request("CLUSTER SHARDS"), reply(node)),
            reply("*1 *4 'slots *2 :0 :5 'nodes *1 *8 'id 'x 'port :17000 'ip '127.0.0.1 "
                  "'endpoint '127.0.0.1"));
  EXPECT_EQ(got(request("CLUSTER SHARDS"), reply(node), server_role::cluster_node,
                {.proxy_host = {}, .server_host = {}, .client_has_tls = true}),
            reply("*1 *4 'slots *2 :0 :5 'nodes *1 *8 'id 'x 'tls-port :17000 'ip '127.0.0.1 "
                  "'endpoint '127.0.0.1"));
  EXPECT_EQ(
      got(request("HELLO 3") + request("CLUSTER SHARDS"),
          reply("%0 *1 %1 'nodes *1 %5 'port :7000 'tls-port :7100 'ip '10.0.0.1 'hostname "
                "'a.x 'endpoint _"),
          server_role::cluster_node, {.proxy_host = {}, .server_host = {}, .server_has_tls = true}),
      reply("%0 *1 %1 'nodes *1 %5 'port :17100 'tls-port :17100 'ip '127.0.0.1 'hostname "
            "'127.0.0.1 'endpoint '127.0.0.1"));
}

TEST(audit_reply_rewriter, LinesOfNodesKeepEverythingElse) {
  directory_for_test nodes;
  const address_view seen{.proxy_host = "127.0.0.1", .server_host = "10.0.0.1"};
  EXPECT_EQ(proxied_nodes("a 10.0.0.1:7000@17000,a.x,,tls-port=7100,shard-id=s myself,master - 0 "
                          "0 1 connected 0-5 [93->-b]\n"
                          "b ::1:7001@17001 slave a 0 0 1 connected\n"
                          "c :0@0 master,noaddr - 1 1 2 disconnected\n"
                          "d :7003@17003, myself - 1 1 2 connected\n"
                          "\nshort",
                          seen, nodes),
            "a 127.0.0.1:17000@17000,127.0.0.1,,tls-port=17000,shard-id=s myself,master - 0 0 1 "
            "connected 0-5 [93->-b]\n"
            "b 127.0.0.1:17001@17001 slave a 0 0 1 connected\n"
            "c :0@0 master,noaddr - 1 1 2 disconnected\n"
            "d 127.0.0.1:17003@17003, myself - 1 1 2 connected\n"
            "\nshort");
  EXPECT_EQ(nodes.asked,
            (std::vector<std::string>{"10.0.0.1:7000=a.x", "::1:7001", "10.0.0.1:7003"}));
}

TEST(audit_reply_rewriter, RepliesAreMatchedPastSubscriptionsInRESP3) {
  const std::string requests = request("HELLO 3") + request("SSUBSCRIBE a") + request("GET k") +
                               request("SSUBSCRIBE b") + request("CLUSTER REPLICAS x");
  EXPECT_EQ(got(requests, reply("%0") + "-MOVED 1 h:1\r\n" + reply(">2 'invalidate *0 'v") +
                              reply(">3 'ssubscribe 'b :1") + "*1\r\n$13\r\nx h:7000@1 sl\r\n"),
            reply("%0") + "-MOVED 1 127.0.0.1:10001\r\n" + reply(">2 'invalidate *0 'v") +
                reply(">3 'ssubscribe 'b :1") + "*1\r\n$22\r\nx 127.0.0.1:17000@1 sl\r\n");
}

TEST(audit_reply_rewriter, ASubscriptionInRESP2EndsTheMatchingOnly) {
  const std::string requests =
      request("CLUSTER REPLICAS x") + request("SUBSCRIBE c") + request("CLUSTER REPLICAS x");
  const std::string after = reply("*3 'subscribe 'c :1 *1 'h") + "-MOVED 1 h:1\r\n";
  EXPECT_EQ(got(requests, "*1\r\n$13\r\nx h:7000@1 sl\r\n" + after),
            "*1\r\n$22\r\nx 127.0.0.1:17000@1 sl\r\n" + reply("*3 'subscribe 'c :1 *1 'h") +
                "-MOVED 1 127.0.0.1:10001\r\n");
}

TEST(audit_reply_rewriter, SentinelsNameTheListeners) {
  const std::string requests = request("SENTINEL get-master-addr-by-name main") +
                               request("SENTINEL get-master-addr-by-name none") +
                               request("SENTINEL REPLICAS main") +
                               request("SENTINEL SENTINELS main") + request("PING");
  EXPECT_EQ(
      got(requests,
          reply("*2 '10.0.0.1 '6379 *-1 *1 *10 'name '10.0.0.2:6380 'ip '10.0.0.2 'port '6380 "
                "'master-host '10.0.0.1 'master-port '6379 *1 *6 'name 'ab 'ip '10.0.0.3 'port "
                "'9000 +PONG"),
          server_role::sentinel),
      reply("*2 '127.0.0.1 '16379 *-1 *1 *10 'name '127.0.0.1:16380 'ip '127.0.0.1 'port '16380 "
            "'master-host '127.0.0.1 'master-port '16379 *1 *6 'name 'ab 'ip '127.0.0.1 'port "
            "'29000 +PONG"));
}

TEST(audit_reply_rewriter, AFailoverIsAnnouncedWithTheListeners) {
  const auto message = [](std::string_view head, std::string_view payload) {
    return reply(head) + "$" + std::to_string(payload.size()) + "\r\n" + std::string{payload} +
           "\r\n";
  };
  for (const char* const head : {"*3 'message '+switch-master", ">3 'message '+switch-master",
                                 "*4 'pmessage '* '+switch-master"}) {
    EXPECT_EQ(got(request("SUBSCRIBE +switch-master"),
                  message(head, "main 10.0.0.1 6379 10.0.0.2 6380"), server_role::sentinel),
              message(head, "main 127.0.0.1 16379 127.0.0.1 16380"));
  }
  EXPECT_EQ(got(request("PSUBSCRIBE *"),
                message("*4 'pmessage '* '+sdown",
                        "slave 10.0.0.2:6380 10.0.0.2 6380 @ main 10.0.0.1 6379"),
                server_role::sentinel),
            message("*4 'pmessage '* '+sdown",
                    "slave 127.0.0.1:16380 127.0.0.1 16380 @ main 127.0.0.1 16379"));
  const std::string other = message("*3 'message '+tilt", "#tilt mode entered");
  EXPECT_EQ(got(request("SUBSCRIBE +tilt"), other, server_role::sentinel), other);
}

TEST(audit_reply_rewriter, GarbagePassesUnchanged) {
  const std::string bytes = "+OK\r\nthis is not RESP\r\n-MOVED 1 h:1\r\n";
  EXPECT_EQ(got(request("GET a"), bytes), bytes);
}

TEST(audit_reply_rewriter, TheNodesOfSlotsAreListedOnce) {
  resp::reader reader;
  resp::message message;
  const std::string bytes = reply(
      "*2 *4 :0 :5 *4 '10.0.0.1 :7000 'a *0 *4 '10.0.0.2 :7001 'b *0 *4 :6 :16383 *4 "
      "'10.0.0.3 :7002 'c *0 *4 '10.0.0.1 :7000 'a *0");
  ASSERT_EQ(reader.read(bytes, message).status, resp::reader::status::complete);
  const auto summary = summary_of_slots(message.root(), {});
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->slots, all_slots);
  std::string ids;
  for (const slots_node& node : summary->nodes) ids += node.id;
  EXPECT_EQ(ids, "acb");
}

}  // namespace
}  // namespace drover::audit::reply_rewriter_test
