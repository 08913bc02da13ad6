// SPDX-License-Identifier: MIT
#include "cluster/key_slot.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/random.hpp"
#include "support/redis_server.hpp"

namespace drover::cluster::key_slot_test {
namespace {

static_assert(crc16::of("123456789") == 0x31C3);  // the check value of CRC-16/XMODEM
static_assert(slot_of("foo") == 12182);
static_assert(slot_of("") == 0);

TEST(key_slot, HashesTheFirstTagOnly) {
  EXPECT_EQ(hashed_part("user:{42}:name"), "42");
  EXPECT_EQ(hashed_part("{a}{b}"), "a");
  EXPECT_EQ(hashed_part("a{{b}}c"), "{b");
  EXPECT_EQ(hashed_part("a}{b}"), "b");
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
}

TEST(key_slot, HashesAKeyWithoutACompleteTagAsAWhole) {
  for (const char* key : {"", "plain", "a{b", "a}b", "}a{", "a{}b", "{}{b}"}) {
    EXPECT_EQ(hashed_part(key), key);
  }
}

std::string random_key(base::seeded_random& random) {
  constexpr std::string_view often{"{}{}ab:=\0\xFF", 10};
  std::string key(random.next() % 24, '\0');
  for (char& c : key) {
    const std::uint64_t drawn = random.next();
    c = drawn % 4 != 0 ? often[(drawn >> 8U) % often.size()] : static_cast<char>(drawn >> 8U);
  }
  return key;
}

// A server outside a cluster answers CLUSTER KEYSLOT with an error, so this one is a cluster of one
// node without slots.
TEST(key_slot, IsThatOfARealServer) {
  const test::redis_server server{
      {.tcp = true, .arguments = {"--cluster-enabled", "yes", "--cluster-port", [] {
                                    return std::to_string(test::free_port());
                                  }()}}};
  test::raw_client client = server.connect();
  base::seeded_random random{20261130};
  for (int batch = 0; batch < 20; ++batch) {
    std::vector<std::string> keys;
    for (int i = 0; i < 200; ++i) {
      keys.push_back(random_key(random));
      client.send_command({"CLUSTER", "KEYSLOT", keys.back()});
    }
    for (const std::string& key : keys) {
      const resp::message reply = client.read_reply();
      ASSERT_EQ(reply.root().kind(), resp::type::integer) << reply.root().text();
      ASSERT_EQ(slot_of(key), reply.root().integer()) << ::testing::PrintToString(key);
    }
  }
}

}  // namespace
}  // namespace drover::cluster::key_slot_test
