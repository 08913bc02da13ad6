// SPDX-License-Identifier: MIT
#include "audit/rules/evidence_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::evidence_text_test {
namespace {

using namespace testing;

TEST(audit_evidence_text, SaysShares) {
  EXPECT_EQ(share_in_words(0, 0), "0 %");
  EXPECT_EQ(share_in_words(0, 5), "0 %");
  EXPECT_EQ(share_in_words(1, 250), "0.4 %");
  EXPECT_EQ(share_in_words(34, 100), "34 %");
  EXPECT_EQ(share_in_words(3, 3), "100 %");
}

TEST(audit_evidence_text, SaysSizes) {
  EXPECT_EQ(bytes_in_words(1), "1 byte");
  EXPECT_EQ(bytes_in_words(85), "85 bytes");
  EXPECT_EQ(bytes_in_words(1500), "1.5 KB");
  EXPECT_EQ(bytes_in_words(120'000), "120 KB");
  EXPECT_EQ(bytes_in_words(1'500'000), "1.5 MB");
}

TEST(audit_evidence_text, KnowsWhatIsNoCacheByName) {
  for (const char* name : {"session:ab12", "app:sess:7", "user/42/cart", "jwt:x", "presence:7",
                           "PHPREDIS_SESSION:x"}) {
    EXPECT_TRUE(looks_like_session(name)) << name;
  }
  for (const char* name : {"user:42", "obsessed:7", "product:cartoon:1", "possession:1"}) {
    EXPECT_FALSE(looks_like_session(name)) << name;
  }
}

// Sixty polls stand between the misses and the stores, and sixty hits between the stores.
TEST(audit_evidence, KeepsTheCommandsThatChangedAKeyInALongTimeline) {
  stage world;
  for (std::uint64_t i = 1; i <= 6; ++i) world.at(1ms * i).client(i).get("user:42").miss();
  for (int i = 0; i < 60; ++i) world.at(20ms + 1ms * i).client(9).get("user:42").miss();
  for (std::uint64_t i = 1; i <= 6; ++i) {
    world.at(100ms + 10ms * i).client(i).set("user:42", "v").px(60s).ok();
    for (int hit = 1; hit < 10; ++hit) {
      world.at(100ms + 10ms * i + 1ms * hit).client(9).get("user:42").hit("v");
    }
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C101");
  ASSERT_NE(finding, nullptr);
  const auto& lines = finding->evidence_list.front().timeline;
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const moment_line& line) { return line.changed_key; }),
            6);
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(),
                          [](const moment_line& line) { return line.text.ends_with(" more)"); }));
}

}  // namespace
}  // namespace drover::audit::evidence_text_test
