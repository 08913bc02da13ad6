// SPDX-License-Identifier: MIT
#include "audit/engine/connection_book.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::audit::connection_book_test {
namespace {

using namespace std::chrono_literals;

void open(connection_book& book, std::uint64_t connection, std::int64_t pid, std::string process) {
  book.opened({connection, moment{}, pid, std::move(process)});
}

/// Counts a command of the connection and returns the process of the connection.
std::uint32_t sends(connection_book& book, std::uint64_t connection) {
  event input;
  input.connection = connection;
  input.batch = ++input.sequence;
  input.done = 1ms;
  return book.count_command(input).process;
}

TEST(audit_connection_book, TellsProcessesByPidElseByAddressAndName) {
  connection_book book{100};
  open(book, 1, 4711, "python3");
  open(book, 2, 4711, "python3");
  open(book, 3, 4712, "python3");
  open(book, 4, 0, "10.0.0.7:1000");
  open(book, 5, 0, "10.0.0.7:2000");
  open(book, 6, 0, "10.0.0.8:1000");
  open(book, 7, 0, "10.0.0.8:3000");
  book.named({7, "worker-17", "", ""});
  EXPECT_EQ(sends(book, 1), sends(book, 2));
  EXPECT_NE(sends(book, 1), sends(book, 3));
  EXPECT_EQ(sends(book, 4), sends(book, 5));
  EXPECT_NE(sends(book, 4), sends(book, 6));
  EXPECT_NE(sends(book, 6), sends(book, 7));
  EXPECT_EQ(book.processes()[sends(book, 7)].label, "10.0.0.8 worker");
  EXPECT_EQ(book.processes_seen(), 5U);
}

TEST(audit_connection_book, AnUnknownProcessOfThisMachineMayBeAnyThatIsKnown) {
  for (const char* const peer :
       {"127.0.0.1:4000", "127.9.9.9:1", "[::1]:4000", "[::ffff:127.0.0.1]:4000", "unix", ""}) {
    connection_book book{100};
    open(book, 1, 0, peer);
    const std::uint32_t unknown = sends(book, 1);
    EXPECT_FALSE(book.is_unplaced(unknown)) << peer << ": no other process is known";
    EXPECT_EQ(book.processes_seen(), 1U) << peer;
    open(book, 2, 4711, "python3");
    open(book, 3, 4712, "python3");
    const std::uint32_t first = sends(book, 2);
    const std::uint32_t second = sends(book, 3);
    EXPECT_TRUE(book.is_unplaced(unknown)) << peer;
    EXPECT_TRUE(book.may_be_same_process(unknown, first)) << peer;
    EXPECT_TRUE(book.may_be_same_process(second, unknown)) << peer;
    EXPECT_FALSE(book.may_be_same_process(first, second)) << peer;
    EXPECT_EQ(book.processes_seen(), 2U) << peer << ": the unknown process is not a third one";
  }
}

TEST(audit_connection_book, AnotherMachineIsAnotherProcess) {
  for (const char* const peer : {"10.0.0.7:4000", "[2001:db8::1]:4000", "1270.example:1"}) {
    connection_book book{100};
    open(book, 1, 0, peer);
    open(book, 2, 4711, "python3");
    EXPECT_FALSE(book.is_unplaced(sends(book, 1))) << peer;
    EXPECT_FALSE(book.may_be_same_process(sends(book, 1), sends(book, 2))) << peer;
    EXPECT_EQ(book.processes_seen(), 2U) << peer;
  }
}

TEST(audit_connection_book, AProcessThatIsFoundLateTakesItsConnectionOver) {
  connection_book book{100};
  open(book, 1, 4711, "python3");
  open(book, 2, 0, "127.0.0.1:4000");
  EXPECT_NE(sends(book, 2), sends(book, 1));
  open(book, 2, 4711, "python3");
  EXPECT_EQ(sends(book, 2), sends(book, 1));
  EXPECT_EQ(book.connections_seen(), 2U);
  EXPECT_EQ(book.processes()[sends(book, 1)].label, "python3 (4711)");
}

}  // namespace
}  // namespace drover::audit::connection_book_test
