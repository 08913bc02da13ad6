// SPDX-License-Identifier: MIT
#include "store/refusals.hpp"

#include <gtest/gtest.h>

namespace drover::store {
namespace {

using kind = refusals::kind;

fault said(const char* text) { return {fault_code::unsupported, text}; }

TEST(refusals, StandUntilARequestOfTheirKindSucceeds) {
  for (const kind one : {kind::read, kind::lease, kind::fill, kind::mark}) {
    refusals of;
    EXPECT_FALSE(of.is_any());
    EXPECT_EQ(of.reason(), std::nullopt);
    of.refused(one, said("NOPERM no"));
    for (const kind other : {kind::read, kind::fill}) {
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
  of.refused(kind::mark, said("no SET"));
  of.succeeded(kind::lease);
  EXPECT_FALSE(of.is_any());
  of.refused(kind::lease, said("no EVALSHA"));
  of.succeeded(kind::mark);
  EXPECT_TRUE(of.is_any());
}

TEST(refusals, TellTheLastReasonThatStillStands) {
  refusals of;
  of.refused(kind::fill, said("first"));
  of.refused(kind::read, said("second"));
  EXPECT_EQ(of.reason(), "second");
  of.succeeded(kind::read);
  EXPECT_EQ(of.reason(), "first");
}

TEST(refusals, EndWithTheConnection) {
  refusals of;
  of.refused(kind::read, said("one"));
  of.refused(kind::lease, said("another"));
  of.connection_is_new();
  EXPECT_FALSE(of.is_any());
  EXPECT_EQ(of.reason(), std::nullopt);
}

}  // namespace
}  // namespace drover::store
