// SPDX-License-Identifier: MIT
#include "audit/rules/evidence_text.hpp"

#include <gtest/gtest.h>

namespace drover::audit::evidence_text_test {
namespace {

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

}  // namespace
}  // namespace drover::audit::evidence_text_test
