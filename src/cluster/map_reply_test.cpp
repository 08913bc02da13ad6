// SPDX-License-Identifier: MIT
#include "cluster/map_reply.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "resp/reader.hpp"

namespace drover::cluster::map_reply_test {
namespace {

// Replies in one line: "[" and "{" begin a list and a map, "]" and "}" end them, "~" is null, and
// all other words are integers or strings.
std::string encoded(const std::string& text, bool resp3) {
  std::vector<std::pair<char, std::vector<std::string>>> open{{'[', {}}};
  std::string word;
  const auto add_word = [&] {
    if (word.empty()) return;
    const bool is_number = word.find_first_not_of("0123456789-") == std::string::npos;
    std::string bytes;
    if (word == "~") {
      bytes = resp3 ? "_\r\n" : "$-1\r\n";
    } else if (is_number) {
      bytes = ":" + word + "\r\n";
    } else {
      const std::string content = word == "''" ? "" : word;
      bytes = "$" + std::to_string(content.size()) + "\r\n" + content + "\r\n";
    }
    open.back().second.push_back(bytes);
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ') {
      add_word();
    } else if (c == '[' || c == '{') {
      open.push_back({c, {}});
    } else if (c == ']' || c == '}') {
      add_word();
      const auto [kind, parts] = open.back();
      open.pop_back();
      const bool is_map = kind == '{' && resp3;
      std::string bytes =
          (is_map ? "%" : "*") + std::to_string(parts.size() / (is_map ? 2 : 1)) + "\r\n";
      for (const std::string& part : parts) bytes += part;
      open.back().second.push_back(bytes);
    } else {
      word += c;
    }
  }
  add_word();
  return open.back().second.at(0);
}

resp::message decoded(std::string_view bytes) {
  resp::reader reader;
  resp::message reply;
  EXPECT_EQ(reader.read(bytes, reply).status, resp::reader::status::complete);
  return reply;
}

const map_source asked_plain{.asked = {"asked", 6379}};
const map_source asked_tls{.asked = {"asked", 6379}, .tls = true};

result<slot_map> shards(const std::string& text, const map_source& from = asked_plain) {
  const resp::message reply3 = decoded(encoded(text, true));
  const resp::message reply2 = decoded(encoded(text, false));
  auto map3 = read_cluster_shards(reply3.root(), from);
  const auto map2 = read_cluster_shards(reply2.root(), from);
  EXPECT_EQ(map3.has_value(), map2.has_value()) << text;
  if (map3 && map2) {
    EXPECT_TRUE(moved_slots(*map3, *map2).none()) << text;
    EXPECT_EQ(map3->primaries(), map2->primaries()) << text;
    EXPECT_EQ(map3->replicas(), map2->replicas()) << text;
  }
  return map3;
}

result<slot_map> slots(const std::string& text, const map_source& from = asked_plain) {
  const resp::message reply = decoded(encoded(text, true));
  return read_cluster_slots(reply.root(), from);
}

std::string owner_at(const result<slot_map>& map, std::uint16_t slot) {
  if (!map) return "refused: " + map.error().text;
  const node* const owner = map->owner_of(slot);
  return owner == nullptr ? "none" : describe(owner->at);
}

TEST(map_reply, ShardsGiveTheOwnersAndReplicas) {
  const auto map = shards(
      "[{slots [0 100 200 300] nodes [{id aa port 7001 ip 10.0.0.1 endpoint 10.0.0.1 role master "
      "replication-offset 5 health online} {id bb port 7002 ip 10.0.0.2 endpoint 10.0.0.2 role "
      "replica replication-offset 5 health online} {id cc port 7003 ip 10.0.0.3 endpoint 10.0.0.3 "
      "role replica replication-offset 5 health fail}]} {slots [] nodes [{id dd port 7004 ip "
      "10.0.0.4 endpoint 10.0.0.4 role master replication-offset 0 health online "
      "availability-zone '' new-field [1 2 3]}] id shard-of-later-versions}]");
  ASSERT_TRUE(map) << map.error().text;
  EXPECT_EQ(owner_at(map, 0), "10.0.0.1:7001");
  EXPECT_EQ(owner_at(map, 300), "10.0.0.1:7001");
  EXPECT_EQ(owner_at(map, 101), "none");
  EXPECT_EQ(map->owner_of(0)->id, "aa");
  EXPECT_EQ(map->covered(), 202U);
  EXPECT_EQ(map->primaries().size(), 2U) << "a primary without slots is known too";
  EXPECT_EQ(map->replicas(), (std::vector<base::host_port>{{"10.0.0.2", 7002}}))
      << "without the one that has failed";
}

TEST(map_reply, SlotsGiveTheOwnersAndReplicas) {
  const auto map = slots(
      "[[0 100 [10.0.0.1 7001 aa []] [10.0.0.2 7002 bb []]] [200 300 [10.0.0.1 7001 aa []]] "
      "[301 301 [::1 7003 cc {hostname three.example}]] [302 302 [10.0.0.9 7009]]]");
  ASSERT_TRUE(map) << map.error().text;
  EXPECT_EQ(owner_at(map, 100), "10.0.0.1:7001");
  EXPECT_EQ(owner_at(map, 200), "10.0.0.1:7001");
  EXPECT_EQ(owner_at(map, 301), "[::1]:7003");
  EXPECT_EQ(owner_at(map, 302), "10.0.0.9:7009") << "the form of Redis 3";
  EXPECT_EQ(owner_at(map, 303), "none");
  EXPECT_EQ(map->primaries().size(), 3U);
  EXPECT_EQ(map->replicas().size(), 1U);
}

TEST(map_reply, WithoutAnEndpointTheHostThatWasAskedCounts) {
  for (const char* endpoint : {"~", "''"}) {
    const auto by_shards = shards("[{slots [0 9] nodes [{id aa port 7001 ip 10.0.0.1 endpoint " +
                                  std::string{endpoint} + " role master health online}]}]");
    EXPECT_EQ(owner_at(by_shards, 0), "asked:7001") << endpoint;
    const auto by_slots = slots("[[0 9 [" + std::string{endpoint} + " 7001 aa {ip 10.0.0.1}]]]");
    EXPECT_EQ(owner_at(by_slots, 0), "asked:7001") << endpoint;
  }
}

TEST(map_reply, AQuestionMarkStandsForTheAddressOfTheNode) {
  EXPECT_EQ(owner_at(shards("[{slots [0 9] nodes [{id aa port 7001 ip 10.0.0.1 endpoint ? role "
                            "master health online}]}]"),
                     0),
            "10.0.0.1:7001");
  EXPECT_EQ(owner_at(shards("[{slots [0 9] nodes [{id aa port 7001 ip '' endpoint ? role master "
                            "health online}]}]"),
                     0),
            "asked:7001");
  EXPECT_EQ(owner_at(slots("[[0 9 [? 7001 aa [ip 10.0.0.1]]]]"), 0), "10.0.0.1:7001");
  EXPECT_EQ(owner_at(slots("[[0 9 [? 7001 aa []]]]"), 0), "asked:7001");
}

TEST(map_reply, TheEndpointCanBeAHostName) {
  EXPECT_EQ(owner_at(shards("[{slots [0 9] nodes [{id aa port 7001 ip 10.0.0.1 endpoint "
                            "one.example hostname one.example role master health online}]}]"),
                     0),
            "one.example:7001");
  EXPECT_EQ(owner_at(slots("[[0 9 [one.example 7001 aa {ip 10.0.0.1}]]]"), 0), "one.example:7001");
}

TEST(map_reply, ThePortIsThatOfTheKindOfConnection) {
  const std::string both =
      "[{slots [0 9] nodes [{id aa port 7001 tls-port 8001 ip h endpoint h role master health "
      "online}]}]";
  EXPECT_EQ(owner_at(shards(both, asked_plain), 0), "h:7001");
  EXPECT_EQ(owner_at(shards(both, asked_tls), 0), "h:8001");
  const std::string mixed =
      "[{slots [0 9] nodes [{id aa port 7001 ip h endpoint h role master health online}]} {slots "
      "[10 19] nodes [{id bb tls-port 8002 ip h endpoint h role master health online}]}]";
  EXPECT_EQ(owner_at(shards(mixed, asked_plain), 10), "none") << "it has no plain port";
  EXPECT_EQ(owner_at(shards(mixed, asked_tls), 10), "h:8002");
  EXPECT_EQ(owner_at(shards(mixed, asked_tls), 0), "none");
  EXPECT_EQ(owner_at(slots("[[0 9 [h 8001 aa []]]]", asked_tls), 0), "h:8001");
}

std::string primary_of(const char* id, const char* health, int offset, const char* role) {
  return "{id " + std::string{id} + " port " + std::to_string(7000 + id[0]) +
         " ip h endpoint h role " + role + " replication-offset " + std::to_string(offset) +
         " health " + health + "}";
}

TEST(map_reply, TheHealthiestPrimaryOfAShardOwnsItsSlots) {
  const auto owner_id = [](const std::string& nodes) {
    const auto map = shards("[{slots [0 9] nodes [" + nodes + "]}]");
    if (!map) return "refused: " + map.error().text;
    return map->owner_of(0) == nullptr ? std::string{"none"} : map->owner_of(0)->id;
  };
  EXPECT_EQ(owner_id(primary_of("a", "fail", 9, "master") + primary_of("b", "online", 1, "master")),
            "b");
  EXPECT_EQ(
      owner_id(primary_of("a", "loading", 9, "master") + primary_of("b", "online", 1, "primary")),
      "b");
  EXPECT_EQ(
      owner_id(primary_of("a", "fail", 1, "master") + primary_of("b", "loading", 1, "master")),
      "b");
  EXPECT_EQ(
      owner_id(primary_of("a", "online", 1, "master") + primary_of("b", "online", 2, "master")),
      "b")
      << "the one that takes the writes";
  EXPECT_EQ(
      owner_id(primary_of("a", "online", 2, "master") + primary_of("b", "online", 2, "master")),
      "a");
  EXPECT_EQ(owner_id(primary_of("a", "fail", 1, "master")), "a") << "nothing better is known";
}

TEST(map_reply, AShardWithoutAPrimaryLeavesItsSlotsUncovered) {
  const auto map = shards("[{slots [0 9] nodes [" + primary_of("a", "online", 1, "replica") +
                          "]} {slots [10 19] nodes [" + primary_of("b", "online", 1, "master") +
                          "]} {slots [20 29] nodes []}]");
  EXPECT_EQ(owner_at(map, 9), "none");
  EXPECT_NE(owner_at(map, 10), "none");
  EXPECT_EQ(owner_at(map, 20), "none");
  ASSERT_TRUE(map);
  EXPECT_FALSE(map->is_complete());
  EXPECT_EQ(map->replicas().size(), 1U);
}

TEST(map_reply, OfOverlappingShardsTheFirstHealthyOneCounts) {
  const auto map =
      shards("[{slots [0 19] nodes [" + primary_of("a", "fail", 1, "master") +
             "]} {slots [5 14] nodes [" + primary_of("b", "online", 1, "master") +
             "]} {slots [10 24] nodes [" + primary_of("c", "online", 1, "master") + "]}]");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->owner_of(4)->id, "a");
  EXPECT_EQ(map->owner_of(14)->id, "b");
  EXPECT_EQ(map->owner_of(15)->id, "c");
  EXPECT_EQ(map->owner_of(24)->id, "c");
}

TEST(map_reply, ANodeThatIsNamedTwiceIsKnownOnce) {
  const auto map = shards("[{slots [0 9] nodes [" + primary_of("a", "online", 1, "master") +
                          primary_of("a", "online", 1, "master") + "]}]");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->primaries().size(), 1U);
  EXPECT_EQ(map->covered(), 10U);
}

TEST(map_reply, ANodeWithoutAUsableAddressIsLeftOut) {
  for (const char* bad :
       {"port 0 endpoint h", "port -1 endpoint h", "port 65536 endpoint h", "port x endpoint h",
        "endpoint h", "port 1 endpoint h\r\nh", "port [1] endpoint h", "port 1 endpoint h/h"}) {
    const auto map =
        shards("[{slots [0 9] nodes [{id aa role master health online " + std::string{bad} +
               "}]} {slots [10 19] nodes [" + primary_of("b", "online", 1, "master") + "]}]");
    EXPECT_EQ(owner_at(map, 0), "none") << bad;
    EXPECT_NE(owner_at(map, 10), "none") << bad;
  }
  EXPECT_EQ(owner_at(slots("[[0 9 [h 0 aa []] [h 1 bb []]] [10 10 [h 1 cc []]]]"), 0), "none")
      << "a replica does not take its place";
}

TEST(map_reply, OtherShapesAreRefusedWithAReason) {
  for (const char* text : {"5", "OK", "~", "[]", "[5]", "[[5]]", "[[0 x [h 1 a []]]]",
                           "[[0 16384 [h 1 a []]]]", "[[-1 5 [h 1 a []]]]", "[[9 0 [h 1 a []]]]",
                           "[[0 9 h]]", "[[0 9 [h]]]", "[[0 9 [5 1 a []]]]", "[[0 9]]", "{a b}"}) {
    const auto map = slots(text);
    ASSERT_FALSE(map) << text;
    EXPECT_FALSE(map.error().text.empty());
  }
  const std::string good = primary_of("a", "online", 1, "master");
  for (const std::string& text :
       {std::string{"5"}, std::string{"[]"}, std::string{"[5]"}, std::string{"[{}]"},
        std::string{"[{slots [0 9]}]"}, "[{nodes [" + good + "]}]",
        "[{slots [0] nodes [" + good + "]}]", "[{slots [0 16384] nodes [" + good + "]}]",
        "[{slots [9 0] nodes [" + good + "]}]", "[{slots 5 nodes [" + good + "]}]",
        std::string{"[{slots [0 9] nodes 5}]"}, std::string{"[{slots [0 9] nodes [5]}]"},
        std::string{"[{slots [0 9] nodes [[1]]}]"}}) {
    const auto map = shards(text);
    ASSERT_FALSE(map) << text;
    EXPECT_FALSE(map.error().text.empty());
  }
}

TEST(map_reply, AnErrorSaysWhyThereIsNoMap) {
  const auto read = [](const char* error) {
    const resp::message reply = decoded("-" + std::string{error} + "\r\n");
    const auto map = read_cluster_shards(reply.root(), asked_plain);
    return map ? std::string{} : map.error().text;
  };
  EXPECT_EQ(read("ERR This instance has cluster support disabled"),
            "the server is not part of a cluster");
  EXPECT_NE(read("NOPERM User x has no permissions").find("NOPERM"), std::string::npos);
  EXPECT_NE(read("NOAUTH Authentication required.").find("password"), std::string::npos);
  EXPECT_NE(read("ERR x"), "");
  const resp::message unknown = decoded("-ERR unknown subcommand 'SHARDS'. Try CLUSTER HELP.\r\n");
  EXPECT_TRUE(is_unknown_command(unknown.root()));
  EXPECT_FALSE(is_unknown_command(decoded("-NOPERM x\r\n").root()));
  EXPECT_FALSE(is_unknown_command(decoded("*0\r\n").root()));
}

TEST(map_reply, ALargeReplyTakesLinearTime) {
  std::string ranges;
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    ranges += ":" + std::to_string(slot) + "\r\n:" + std::to_string(slot) + "\r\n";
  }
  const resp::message reply = decoded(
      "*1\r\n%2\r\n$5\r\nslots\r\n*32768\r\n" + ranges +
      "$5\r\nnodes\r\n*1\r\n%3\r\n$4\r\nport\r\n:1\r\n$8\r\nendpoint\r\n$1\r\nh\r\n$4\r\nrole\r\n"
      "$6\r\nmaster\r\n");
  const auto map = read_cluster_shards(reply.root(), asked_plain);
  ASSERT_TRUE(map) << map.error().text;
  EXPECT_TRUE(map->is_complete());
}

// Both commands describe the same cluster.
TEST(map_reply, SlotsAndShardsOfTheSameClusterAgree) {
  base::seeded_random random{99};
  for (int run = 0; run < 50; ++run) {
    const std::size_t primaries = 1 + random.next() % 6;
    std::vector<std::string> ranges_of(primaries);
    std::string by_slots;
    for (std::size_t first = 0; first < slot_count;) {
      const std::size_t last = std::min(first + random.next() % 3000, slot_count - 1);
      const std::size_t owner = random.next() % (primaries + 1);
      if (owner < primaries) {
        const std::string range = std::to_string(first) + ' ' + std::to_string(last) + ' ';
        ranges_of[owner] += range;
        by_slots += '[' + range + "[10.0.0." + std::to_string(owner) + " 7000 id" +
                    std::to_string(owner) + " []]] ";
      }
      first = last + 1;
    }
    std::string by_shards;
    for (std::size_t i = 0; i < primaries; ++i) {
      const std::string host = "10.0.0." + std::to_string(i);
      by_shards += "{nodes [{id id" + std::to_string(i) + " port 7000 ip " + host + " endpoint " +
                   host + " role master health online}] slots [" + ranges_of[i] + "]} ";
    }
    const auto read_slots = slots('[' + by_slots + ']');
    const auto read_shards = shards('[' + by_shards + ']');
    ASSERT_EQ(read_slots.has_value(), read_shards.has_value()) << run;
    if (read_slots) {
      EXPECT_TRUE(moved_slots(*read_slots, *read_shards).none()) << run;
    }
  }
}

}  // namespace
}  // namespace drover::cluster::map_reply_test
