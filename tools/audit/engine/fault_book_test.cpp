// SPDX-License-Identifier: MIT
#include "audit/engine/fault_book.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::audit::fault_book_test {
namespace {

using namespace std::chrono_literals;

fault_injected fault_of(std::string kind, std::uint64_t connection, std::string key, moment at,
                        moment length = {}) {
  fault_injected fault;
  fault.kind = std::move(kind);
  fault.connection = connection;
  fault.key = std::move(key);
  fault.at = at;
  fault.to = at + length;
  return fault;
}

TEST(audit_fault_book, KnowsWhatAFaultTouchedAndWhen) {
  fault_book book;
  EXPECT_TRUE(book.is_empty());
  book.add(fault_of("reset", 3, "user:1", 5s), 7);
  EXPECT_FALSE(book.is_empty());
  EXPECT_TRUE(book.touched_key("user:1", 4s, 6s));
  EXPECT_TRUE(book.touched_connection(3, 5s, 5s));
  EXPECT_TRUE(book.touched_process(7, 1s, 5s));
  EXPECT_FALSE(book.touched_key("user:2", 4s, 6s));
  EXPECT_FALSE(book.touched_connection(4, 4s, 6s));
  EXPECT_FALSE(book.touched_process(8, 4s, 6s));
  EXPECT_FALSE(book.touched_all(4s, 6s));
  EXPECT_FALSE(book.touched_key("user:1", 1s, 4s));
  EXPECT_FALSE(book.touched_key("user:1", 6s, 7s));
}

TEST(audit_fault_book, FindsFaultsInAnyOrder) {
  fault_book book;
  for (const moment at : {moment{9s}, moment{1s}, moment{5s}}) {
    book.add(fault_of("error", 1, "k", at), 0);
  }
  for (const moment at : {moment{9s}, moment{1s}, moment{5s}}) {
    EXPECT_TRUE(book.touched_key("k", at - 100ms, at + 100ms)) << at.count();
  }
  EXPECT_FALSE(book.touched_key("k", 6s, 8s));
  EXPECT_FALSE(book.touched_process(0, 0s, 10s)) << "an unknown process is no process";
}

TEST(audit_fault_book, TouchesEverythingWhileTheServerIsDown) {
  fault_book book;
  book.add(fault_of("down", 0, "", 5s, 2s), 0);
  EXPECT_TRUE(book.touched_all(1s, 5s));
  EXPECT_TRUE(book.touched_all(6s, 6s));
  EXPECT_TRUE(book.touched_all(7s, 9s));
  EXPECT_FALSE(book.touched_all(1s, 4s));
  EXPECT_FALSE(book.touched_all(8s, 9s));
}

TEST(audit_fault_book, SlowRepliesAndPushesTouchNothing) {
  fault_book book;
  book.add(fault_of("delay", 1, "k", 1s, 300ms), 2);
  book.add(fault_of("delay", 1, "k", 2s, 500ms), 2);
  book.add(fault_of("slice", 1, "k", 2s), 2);
  book.add(fault_of("push", 1, "k", 2s), 2);
  EXPECT_FALSE(book.touched_key("k", 0s, 9s));
  EXPECT_FALSE(book.touched_connection(1, 0s, 9s));
  EXPECT_FALSE(book.touched_process(2, 0s, 9s));
  EXPECT_EQ(book.delay_of(1, 0s, 9s), 800ms);
  EXPECT_EQ(book.delay_of(1, 1500ms, 9s), 500ms);
  EXPECT_EQ(book.delay_of(2, 0s, 9s), 0s);
}

TEST(audit_fault_book, KnowsConnectionsWhoseRepliesBelongToOtherRequests) {
  fault_book book;
  book.add(fault_of("drop", 1, "k", 2s), 0);
  book.add(fault_of("duplicate", 2, "k", 2s), 0);
  book.add(fault_of("error", 3, "k", 2s), 0);
  EXPECT_FALSE(book.is_out_of_step(1, 1s));
  EXPECT_TRUE(book.is_out_of_step(1, 2s));
  EXPECT_TRUE(book.is_out_of_step(2, 3s));
  EXPECT_FALSE(book.is_out_of_step(3, 3s));
  book.closed(1);
  EXPECT_FALSE(book.is_out_of_step(1, 4s));
}

TEST(audit_fault_book, TrustsNothingBeyondItsLimit) {
  fault_book book;
  for (std::size_t i = 0; i < fault_book::moments_max; ++i) {
    book.add(fault_of("error", 1, "", 1s), 0);
  }
  EXPECT_FALSE(book.touched_all(0s, 9s));
  book.add(fault_of("error", 2, "k", 5s), 0);
  EXPECT_TRUE(book.touched_all(4s, 6s));
  EXPECT_FALSE(book.touched_all(0s, 4s));
}

}  // namespace
}  // namespace drover::audit::fault_book_test
