// SPDX-License-Identifier: MIT
#include "store/refusals.hpp"

#include <gtest/gtest.h>

namespace drover::store {
namespace {

fault refusal(const char* text) { return {fault_code::unsupported, text}; }

TEST(refusals, StandUntilARequestOfTheirKindSucceeds) {
  for (const request_kind one :
       {request_kind::read, request_kind::lease, request_kind::fill, request_kind::refresh_mark}) {
    refusals of;
    EXPECT_FALSE(of.is_any());
    EXPECT_EQ(of.reason(), std::nullopt);
    of.refused(one, refusal("NOPERM no"));
    for (const request_kind other : {request_kind::read, request_kind::fill}) {
      if (other != one) of.succeeded(other);
    }
    EXPECT_TRUE(of.is_any());
    EXPECT_EQ(of.reason(), "NOPERM no");
    of.succeeded(one);
    EXPECT_FALSE(of.is_any());
    EXPECT_EQ(of.reason(), std::nullopt);
  }
}

TEST(refusals, OfAMarkEndWithALeaseButNotTheOtherWayRound) {
  refusals of;
  of.refused(request_kind::refresh_mark, refusal("no SET"));
  of.succeeded(request_kind::lease);
  EXPECT_FALSE(of.is_any());
  of.refused(request_kind::lease, refusal("no EVALSHA"));
  of.succeeded(request_kind::refresh_mark);
  EXPECT_TRUE(of.is_any());
}

TEST(refusals, TellTheLastReasonThatStillStands) {
  refusals of;
  of.refused(request_kind::fill, refusal("first"));
  of.refused(request_kind::read, refusal("second"));
  EXPECT_EQ(of.reason(), "second");
  of.succeeded(request_kind::read);
  EXPECT_EQ(of.reason(), "first");
}

TEST(refusals, EndWithTheConnection) {
  refusals of;
  of.refused(request_kind::read, refusal("one"));
  of.refused(request_kind::lease, refusal("another"));
  of.connection_is_new();
  EXPECT_FALSE(of.is_any());
  EXPECT_EQ(of.reason(), std::nullopt);
}

}  // namespace
}  // namespace drover::store
