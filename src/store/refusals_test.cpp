// SPDX-License-Identifier: MIT
#include "store/refusals.hpp"

#include <gtest/gtest.h>

namespace drover::store::refusals_test {
namespace {

fault refusal(const char* text) { return {fault_code::unsupported, text}; }

TEST(refusals, StandUntilARequestOfTheirKindSucceeds) {
  for (const request_kind kind :
       {request_kind::read, request_kind::lease, request_kind::fill, request_kind::refresh_mark}) {
    refusals kept;
    EXPECT_FALSE(kept.is_any());
    EXPECT_EQ(kept.reason(), std::nullopt);
    kept.refused(kind, refusal("NOPERM no"));
    for (const request_kind other : {request_kind::read, request_kind::fill}) {
      if (other != kind) kept.succeeded(other);
    }
    EXPECT_TRUE(kept.is_any());
    EXPECT_EQ(kept.reason(), "NOPERM no");
    kept.succeeded(kind);
    EXPECT_FALSE(kept.is_any());
    EXPECT_EQ(kept.reason(), std::nullopt);
  }
}

TEST(refusals, OfAMarkEndWithALeaseButNotTheOtherWayRound) {
  refusals kept;
  kept.refused(request_kind::refresh_mark, refusal("no SET"));
  kept.succeeded(request_kind::lease);
  EXPECT_FALSE(kept.is_any());
  kept.refused(request_kind::lease, refusal("no EVALSHA"));
  kept.succeeded(request_kind::refresh_mark);
  EXPECT_TRUE(kept.is_any());
}

TEST(refusals, TellTheLastReasonThatStillStands) {
  refusals kept;
  kept.refused(request_kind::fill, refusal("first"));
  kept.refused(request_kind::read, refusal("second"));
  EXPECT_EQ(kept.reason(), "second");
  kept.succeeded(request_kind::read);
  EXPECT_EQ(kept.reason(), "first");
}

TEST(refusals, EndWithTheConnection) {
  refusals kept;
  kept.refused(request_kind::read, refusal("one"));
  kept.refused(request_kind::lease, refusal("another"));
  kept.connection_is_new();
  EXPECT_FALSE(kept.is_any());
  EXPECT_EQ(kept.reason(), std::nullopt);
}

}  // namespace
}  // namespace drover::store::refusals_test
