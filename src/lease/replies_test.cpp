// SPDX-License-Identifier: MIT
// Each reply in its correct form, then in all wrong forms.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lease/commands.hpp"
#include "resp/message.hpp"
#include "resp/reader.hpp"

namespace drover::lease::replies_test {
namespace {

using namespace std::string_view_literals;
using leases = lease_outcome;
using fills = fill_outcome;
using notices = push_kind;

resp::message message_of(std::string_view wire) {
  resp::message read;
  resp::reader reader;
  const auto step = reader.read(wire, read);
  EXPECT_EQ(step.status, resp::reader::status::complete) << wire;
  EXPECT_EQ(step.consumed, wire.size()) << wire;
  return read;
}

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

const std::string head(64, 'h');

std::string lease_wire(int outcome, std::string_view now, std::string_view number,
                       std::string_view bytes) {
  return "*4\r\n:" + std::to_string(outcome) + "\r\n:" + std::string{now} +
         "\r\n:" + std::string{number} + "\r\n" + bulk(bytes);
}

result<lease_reply> lease_of(const std::string& wire) { return read_lease(message_of(wire)); }

TEST(replies, OfALeaseAreReadByTheirKind) {
  const auto hit = lease_of(lease_wire(0, "1700000000123", "0", head + "payload"));
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->outcome, leases::hit);
  EXPECT_EQ(hit->now, server_time{milliseconds{1'700'000'000'123}});
  EXPECT_EQ(hit->entry_bytes, head + "payload");

  const auto lead = lease_of(lease_wire(1, "5", "4294967295", ""));
  ASSERT_TRUE(lead);
  EXPECT_EQ(lead->outcome, leases::lead);
  EXPECT_EQ(lead->attempts, 0xFFFF'FFFFU);
  EXPECT_EQ(lead->left, milliseconds{0});

  const auto wait = lease_of(lease_wire(2, "5", "750", head));
  ASSERT_TRUE(wait);
  EXPECT_EQ(wait->outcome, leases::wait);
  EXPECT_EQ(wait->left, milliseconds{750});
  EXPECT_EQ(wait->attempts, 0U);
  EXPECT_EQ(wait->entry_bytes, head);

  const auto failed = lease_of(lease_wire(3, "5", "50", head + "why"));
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->outcome, leases::failed);
  EXPECT_EQ(failed->left, milliseconds{50});
  EXPECT_EQ(failed->entry_bytes, head + "why");

  const auto uncacheable = lease_of(lease_wire(5, "5", "900", ""));
  ASSERT_TRUE(uncacheable);
  EXPECT_EQ(uncacheable->outcome, leases::uncacheable);
  EXPECT_EQ(uncacheable->left, milliseconds{900});

  const auto newer = lease_of(lease_wire(4, "5", "0", ""));
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->outcome, leases::newer);
}

TEST(replies, OfALeaseThatNobodyCanHaveMeantAreCorrupt) {
  for (const std::string& wire :
       {lease_wire(6, "5", "0", ""), lease_wire(5, "5", "0", head), lease_wire(-1, "5", "0", ""),
        lease_wire(1, "-5", "0", ""), lease_wire(2, "5", "-1", head),
        lease_wire(1, "5", "4294967296", ""), lease_wire(0, "5", "0", head.substr(1)),
        lease_wire(0, "5", "0", ""), lease_wire(2, "5", "0", head + "x"),
        lease_wire(3, "5", "0", "short"), lease_wire(1, "5", "0", "x"),
        lease_wire(4, "5", "0", head)}) {
    const auto read = lease_of(wire);
    ASSERT_FALSE(read) << wire;
    EXPECT_EQ(read.error().code, fault_code::corrupt);
  }
}

TEST(replies, OfAGetAreAValueOrNothing) {
  EXPECT_EQ(*read_get(message_of("$3\r\na\0b\r\n"sv)), std::optional<std::string>("a\0b"sv));
  EXPECT_EQ(*read_get(message_of("$0\r\n\r\n")), std::optional<std::string>(""));
  EXPECT_EQ(*read_get(message_of("_\r\n")), std::nullopt);
  EXPECT_EQ(*read_get(message_of("$-1\r\n")), std::nullopt);
}

TEST(replies, OfAPingAreItsNonceOrAnotherRequests) {
  constexpr std::uint64_t nonce = 0x3132'3334'3536'3738U;
  const auto echo = [&](std::string_view wire) { return read_echo(message_of(wire), nonce); };
  EXPECT_TRUE(*echo("$8\r\n12345678\r\n"));
  for (const std::string_view wire : {"$8\r\n12345679\r\n", "$7\r\n1234567\r\n", "+12345678\r\n",
                                      "+PONG\r\n", "_\r\n", ":1\r\n", "*1\r\n$1\r\n1\r\n"}) {
    ASSERT_TRUE(echo(wire)) << wire;
    EXPECT_FALSE(*echo(wire)) << wire;
  }
  EXPECT_EQ(echo("-BUSY a script runs\r\n").error().code, fault_code::overloaded);
  EXPECT_FALSE(*read_echo(resp::message{}, nonce));
}

TEST(replies, OfAReplicaThatRefusesAWriteAreReadonly) {
  EXPECT_TRUE(is_readonly(message_of("-READONLY You can't write\r\n")));
  EXPECT_FALSE(is_readonly(message_of("-NOREPLICAS Not enough\r\n")));
  EXPECT_FALSE(is_readonly(message_of("+READONLY\r\n")));
  EXPECT_FALSE(is_readonly(resp::message{}));
}

TEST(replies, OfTimeAreWholeMilliseconds) {
  EXPECT_EQ(*read_time(message_of("*2\r\n" + bulk("1700000000") + bulk("123999"))),
            server_time{milliseconds{1'700'000'000'123}});
  for (const auto& [seconds, micros] :
       std::vector<std::pair<std::string, std::string>>{{"", "1"},
                                                        {"1", ""},
                                                        {"-1", "0"},
                                                        {"1", "1000000"},
                                                        {"1x", "0"},
                                                        {" 1", "0"},
                                                        {"99999999999999999999", "0"},
                                                        {"9223372036854775807", "0"}}) {
    EXPECT_FALSE(read_time(message_of("*2\r\n" + bulk(seconds) + bulk(micros)))) << seconds;
  }
}

TEST(replies, OfAFillAreOneOfThree) {
  EXPECT_EQ(read_fill(message_of("*2\r\n:0\r\n:5\r\n"))->outcome, fills::refused);
  EXPECT_EQ(read_fill(message_of("*2\r\n:1\r\n:5\r\n"))->outcome, fills::stored);
  EXPECT_EQ(read_fill(message_of("*2\r\n:2\r\n:5\r\n"))->outcome, fills::duplicate);
  EXPECT_EQ(read_fill(message_of("*2\r\n:2\r\n:5\r\n"))->now, server_time{milliseconds{5}});
  EXPECT_FALSE(read_fill(message_of("*2\r\n:3\r\n:5\r\n")));
  EXPECT_FALSE(read_fill(message_of("*2\r\n:1\r\n:-5\r\n")));
}

TEST(replies, OfAStepSayWhetherItApplied) {
  EXPECT_FALSE(read_step(message_of(":0\r\n"))->applied);
  EXPECT_TRUE(read_step(message_of(":1\r\n"))->applied);
  EXPECT_TRUE(read_step(message_of(":2\r\n"))->applied);
  EXPECT_FALSE(read_step(message_of(":-1\r\n")));
  EXPECT_FALSE(read_step(message_of(":3\r\n")));
}

TEST(replies, OfAMarkAreTwo) {
  const auto mark = [](std::string_view set, const std::string& range) {
    return read_refresh_mark(message_of(set), message_of(range));
  };
  EXPECT_TRUE(mark("+OK\r\n", bulk(head))->won);
  EXPECT_EQ(mark("+OK\r\n", bulk(head))->head_bytes, head);
  EXPECT_FALSE(mark("_\r\n", bulk("short"))->won);
  EXPECT_EQ(mark("_\r\n", bulk(""))->head_bytes, "");
  EXPECT_FALSE(mark("+NO\r\n", bulk("")));
  EXPECT_FALSE(mark(":1\r\n", bulk("")));
  EXPECT_FALSE(mark("+OK\r\n", bulk(head + "x")));
  EXPECT_EQ(mark("+OK\r\n", "-WRONGTYPE x\r\n").error().code, fault_code::corrupt);
  EXPECT_EQ(mark("-READONLY x\r\n", bulk("")).error().code, fault_code::unreachable);
}

TEST(replies, ThatAcknowledgeAreOkOrACount) {
  EXPECT_TRUE(read_acknowledged(message_of("+OK\r\n")));
  EXPECT_TRUE(read_acknowledged(message_of(":0\r\n")));
  EXPECT_TRUE(read_acknowledged(message_of(":2\r\n")));
  EXPECT_FALSE(read_acknowledged(message_of(":-1\r\n")));
  EXPECT_FALSE(read_acknowledged(message_of("+QUEUED\r\n")));
}

TEST(replies, OfHoldersAreTheirIdsInOrder) {
  const std::string lines = "id=90 addr=1 name=id=5\nid=7 addr=2\nid=18446744073709551615\n";
  const std::vector<std::uint64_t> ids{7, 90, 0xFFFF'FFFF'FFFF'FFFFU};
  EXPECT_EQ(read_holders(message_of(bulk(lines))).value(), ids);
  EXPECT_EQ(
      read_holders(message_of("=" + std::to_string(lines.size() + 4) + "\r\ntxt:" + lines + "\r\n"))
          .value(),
      ids);
  EXPECT_TRUE(read_holders(message_of("=4\r\ntxt:\r\n")).value().empty());
  EXPECT_TRUE(read_holders(message_of("$0\r\n\r\n")).value().empty());
  for (const std::string_view odd :
       {"addr=1 id=7\n", "id=\n", "id=7x\n", "id=-7\n", "hello", "id=18446744073709551616\n"}) {
    EXPECT_FALSE(read_holders(message_of(bulk(odd)))) << odd;
  }
}

/// Every reader by name, as a function that returns only its fault.
using reader_of_faults = std::function<std::optional<fault>(resp::message)>;
template <class Result>
std::optional<fault> fault_in(const Result& read) {
  return read ? std::nullopt : std::optional<fault>{read.error()};
}
const std::vector<std::pair<std::string, reader_of_faults>> readers{
    {"get", [](resp::message m) { return fault_in(read_get(std::move(m))); }},
    {"time", [](const resp::message& m) { return fault_in(read_time(m)); }},
    {"lease", [](resp::message m) { return fault_in(read_lease(std::move(m))); }},
    {"fill", [](const resp::message& m) { return fault_in(read_fill(m)); }},
    {"step", [](const resp::message& m) { return fault_in(read_step(m)); }},
    {"mark",
     [](resp::message m) {
       return fault_in(read_refresh_mark(std::move(m), message_of("$0\r\n\r\n")));
     }},
    {"mark range",
     [](resp::message m) {
       return fault_in(read_refresh_mark(message_of("+OK\r\n"), std::move(m)));
     }},
    {"acknowledged", [](const resp::message& m) { return fault_in(read_acknowledged(m)); }},
    {"holders", [](const resp::message& m) { return fault_in(read_holders(m)); }},
};

TEST(replies, ThatAreErrorsAreFaultsOfTheirClass) {
  for (const auto& [name, read] : readers) {
    for (const std::string_view wire : {"-LOADING x\r\n", "!9\r\nLOADING x\r\n"}) {
      const auto why = read(message_of(wire));
      ASSERT_TRUE(why.has_value()) << name;
      EXPECT_EQ(why->code, fault_code::unreachable) << name;
    }
  }
}

TEST(replies, OfAnotherShapeAreCorruptToEveryReader) {
  for (const auto& [name, read] : readers) {
    for (const std::string_view wire :
         {"*0\r\n", "%0\r\n", "~0\r\n", "#t\r\n", ",1.5\r\n", "(123\r\n", ">1\r\n+x\r\n",
          "+PONG\r\n", "*1\r\n*1\r\n*0\r\n", "*4\r\n_\r\n_\r\n_\r\n_\r\n", "*2\r\n_\r\n_\r\n",
          "*2\r\n*0\r\n*0\r\n", "%2\r\n:0\r\n:1\r\n:2\r\n$0\r\n\r\n",
          "*4\r\n:1\r\n:5\r\n:0\r\n+\r\n", "*4\r\n:1\r\n:5\r\n$1\r\n0\r\n$0\r\n\r\n",
          "*3\r\n:1\r\n:5\r\n:0\r\n", "*5\r\n:1\r\n:5\r\n:0\r\n$0\r\n\r\n:0\r\n"}) {
      const auto why = read(message_of(wire));
      ASSERT_TRUE(why.has_value()) << name << " took " << wire;
      EXPECT_EQ(why->code, fault_code::corrupt) << name;
    }
    ASSERT_TRUE(read(resp::message{}).has_value()) << name << " took no reply at all";
  }
}

TEST(replies, ThatTellOfAMissingScriptAreToldApart) {
  EXPECT_TRUE(is_noscript(message_of("-NOSCRIPT No matching script.\r\n")));
  EXPECT_FALSE(is_noscript(message_of("+NOSCRIPT\r\n")));
  EXPECT_FALSE(is_noscript(message_of("-ERR x\r\n")));
  EXPECT_FALSE(is_noscript(resp::message{}));
}

TEST(pushes, TellWhatTheyAreAbout) {
  const auto keys =
      read_push(message_of(">2\r\n" + bulk("invalidate") + "*2\r\n" + bulk("a") + bulk("b")));
  EXPECT_EQ(keys.kind, notices::keys);
  EXPECT_EQ(keys.names, (std::vector<std::string>{"a", "b"}));

  const auto message =
      read_push(message_of(">3\r\n" + bulk("message") + bulk("channel") + bulk("fill")));
  EXPECT_EQ(message.kind, notices::channel);
  EXPECT_EQ(message.names, std::vector<std::string>{"channel"});

  EXPECT_EQ(read_push(message_of(">2\r\n" + bulk("invalidate") + "_\r\n")).kind,
            notices::everything);
  const auto subscribed =
      read_push(message_of(">3\r\n" + bulk("subscribe") + bulk("w") + ":1\r\n"));
  EXPECT_EQ(subscribed.kind, notices::subscribed);
  EXPECT_EQ(subscribed.names, std::vector<std::string>{"w"});
  EXPECT_EQ(read_push(message_of(">3\r\n" + bulk("unsubscribe") + bulk("w") + ":0\r\n")).kind,
            notices::other);
}

TEST(pushes, OfAnUnknownShapeWakeTooManyRatherThanTooFew) {
  for (const std::string_view names :
       {":1\r\n", "*1\r\n:1\r\n", "*1\r\n_\r\n", "+a\r\n", "%0\r\n"}) {
    const auto notice = read_push(message_of(">2\r\n" + bulk("invalidate") + std::string{names}));
    EXPECT_EQ(notice.kind, notices::everything) << names;
    EXPECT_TRUE(notice.names.empty());
  }
  for (const std::string_view wire :
       {">1\r\n+invalidate\r\n", ">2\r\n:1\r\n:2\r\n", ">2\r\n+message\r\n:1\r\n",
        ">2\r\n+subscribe\r\n_\r\n", "*2\r\n+invalidate\r\n_\r\n", "+invalidate\r\n",
        "-ERR x\r\n"}) {
    EXPECT_EQ(read_push(message_of(wire)).kind, notices::other) << wire;
  }
  EXPECT_EQ(read_push(resp::message{}).kind, notices::other);
}

}  // namespace
}  // namespace drover::lease::replies_test
