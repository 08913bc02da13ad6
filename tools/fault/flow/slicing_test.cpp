// SPDX-License-Identifier: MIT
// Properties: without faults every byte passes unchanged, and the faults do not depend on how the
// bytes of either peer are sliced.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "fault/flow/stream_play_for_test.hpp"

namespace drover::faults::slicing_test {
namespace {

std::size_t below(base::seeded_random& draws, std::size_t limit) {
  return static_cast<std::size_t>(draws.next() % limit);
}

std::string random_request(base::seeded_random& draws) {
  const std::string key = "key:" + std::to_string(below(draws, 5));
  switch (below(draws, 6)) {
    case 0: return command_bytes({"SET", key, std::string(below(draws, 300), 'v')});
    case 1: return "PING\r\n";
    case 2: return "\r\n" + command_bytes({"MGET", key, "other"});
    case 3: return command_bytes({"EVAL", "return 1", "1", key, "argument"});
    case 4: return command_bytes({"x.unknown", key});
    default: return command_bytes({"GET", key});
  }
}

std::string random_reply(base::seeded_random& draws, unsigned depth = 0) {
  switch (below(draws, depth < 3 ? 9 : 6)) {
    case 0: return "+OK\r\n";
    case 1: return "-ERR a fault\r\n";
    case 2: return ":42\r\n";
    case 3: return "$-1\r\n";
    case 4: return "_\r\n";
    case 5: {
      const std::string value(below(draws, 500), 'b');
      return '$' + std::to_string(value.size()) + "\r\n" + value + "\r\n";
    }
    case 6: return "*2\r\n" + random_reply(draws, depth + 1) + random_reply(draws, depth + 1);
    case 7: return "%1\r\n+k\r\n" + random_reply(draws, depth + 1);
    default: return "*0\r\n";
  }
}

struct conversation_bytes {
  std::string requests;
  std::string replies;
};

conversation_bytes random_conversation(base::seeded_random& draws) {
  conversation_bytes bytes;
  for (std::size_t i = 0; i < 40; ++i) {
    bytes.requests += random_request(draws);
    if (below(draws, 4) == 0) bytes.replies += ">2\r\n+message\r\n" + random_reply(draws);
    bytes.replies += random_reply(draws);
  }
  return bytes;
}

/// Calls `take` with slices of random sizes.
template <class Take>
void in_slices(std::string_view bytes, std::size_t size_max, base::seeded_random& draws,
               const Take& take) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), 1 + below(draws, size_max));
    take(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

struct outcome_of_play {
  std::string to_server;
  std::string to_client;
  std::string injections;
  ending ends = ending::none;
  friend bool operator==(const outcome_of_play&, const outcome_of_play&) = default;
};

outcome_of_play play_with(const std::string& script, const conversation_bytes& bytes,
                          std::size_t size_max, std::uint64_t seed) {
  stream_play play{script, seed};
  base::seeded_random draws{seed + size_max};
  in_slices(bytes.requests, size_max, draws,
            [&](std::string_view slice) { play.client_sends(slice); });
  in_slices(bytes.replies, size_max, draws,
            [&](std::string_view slice) { play.server_sends(slice); });
  return {play.to_server, play.to_client, play.sink.text(), play.stream().how_it_ends()};
}

TEST(fault_slicing, WithoutFaultsEveryBytePassesUnchanged) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    base::seeded_random draws{seed};
    const conversation_bytes bytes = random_conversation(draws);
    const outcome_of_play outcome = play_with("drop command=never", bytes, 7, seed);
    ASSERT_EQ(outcome.to_server, bytes.requests) << seed;
    ASSERT_EQ(outcome.to_client, bytes.replies) << seed;
    ASSERT_EQ(outcome.injections, "");
  }
}

TEST(fault_slicing, TheFaultsDoNotDependOnTheSlices) {
  const std::vector<std::string> scripts{
      "drop chance=10%\nduplicate chance=10%\npush chance=10%",
      "error code=LOADING chance=20%\nerror code=OOM executed=yes chance=20%",
      "cut nth=17",
      "cut at=3 nth=9",
      "reset executed=yes nth=20",
      "reset nth=20\npush every=3",
      "half-open key=key:3 nth=3\nslice pause=0ms every=2",
      "drop executed=no chance=30%"};
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    base::seeded_random draws{seed};
    const conversation_bytes bytes = random_conversation(draws);
    for (const std::string& script : scripts) {
      const outcome_of_play whole = play_with(script, bytes, 1'000'000, seed);
      for (const std::size_t size_max : {1U, 3U, 40U}) {
        const outcome_of_play sliced = play_with(script, bytes, size_max, seed);
        ASSERT_EQ(sliced, whole) << script << ", seed " << seed << ", slices " << size_max;
      }
    }
  }
}

/// The replies that remain are the replies of the server, in order.
TEST(fault_slicing, DroppedRepliesAreTheOnlyDifference) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    stream_play play{"drop chance=30%", seed};
    std::string expected;
    for (int i = 0; i < 50; ++i) {
      const std::string key = std::to_string(i);
      const std::size_t events = play.sink.events.size();
      play.get(key);
      if (play.sink.events.size() == events) expected += stream_play::reply_to(key);
    }
    ASSERT_EQ(play.to_client, expected) << seed;
  }
}

}  // namespace
}  // namespace drover::faults::slicing_test
