// SPDX-License-Identifier: MIT
#include "audit/engine/command_ops.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "audit/engine/op_text_for_test.hpp"

namespace drover::audit::command_ops_test {
namespace {

using namespace testing;

std::vector<op> ops_of(const event& input, std::int64_t unix_ms = 0) {
  std::vector<op> ops;
  ops_of_command({input, {}, unix_ms, ops});
  return ops;
}

struct row {
  const char* command;
  const char* reply;
  const char* ops;
};

void expect_all(std::initializer_list<row> rows) {
  for (const row& entry : rows) {
    event input = command_of(entry.command);
    input.answer = reply_of(entry.reply);
    EXPECT_EQ(text_of_all(ops_of(input)), entry.ops) << entry.command << " -> " << entry.reply;
  }
}

TEST(audit_command_ops, Reads) {
  expect_all({
      {"GET @a", "text", "read a yes"},
      {"GET @a", "empty", "read a yes"},
      {"GET @a", "nil", "read a no"},
      {"GETRANGE @a 0 9", "text", "read a yes part"},
      {"GETRANGE @a 0 9", "empty", "read a no part"},
      {"MGET @a @b @c", "[tnt]", "read a yes, read b no, read c yes"},
      {"HGETALL @a", "[4]", "read a yes part"},
      {"HGETALL @a", "[0]", "read a no part"},
      {"HMGET @a =f =g", "[nn]", "read a no part"},
      {"HMGET @a =f =g", "[nt]", "read a yes part"},
      {"SMEMBERS @a", "[0]", "read a no part"},
      {"GETEX @a", "text", "read a yes"},
      {"GETEX @a EX 5", "text", "read a yes, expire a yes 5000ms"},
      {"GETEX @a EX 5", "nil", "read a no, expire a no 5000ms"},
      {"GETEX @a PERSIST", "text", "read a yes, expire a yes"},
      {"GETDEL @a", "text", "read a yes, remove a yes"},
      {"GETDEL @a", "nil", "read a no, remove a no"},
      {"GETSET @a =x", "nil", "read a no, store a yes"},
      {"EXISTS @a", "1", "exists a yes"},
      {"EXISTS @a", "0", "exists a no"},
      {"EXISTS @a @b", "1", "exists a unknown, exists b unknown"},
      {"EXISTS @a @b", "2", "exists a yes, exists b yes"},
      {"TTL @a", "-2", "exists a no"},
      {"TTL @a", "-1", "exists a yes"},
      {"PTTL @a", "0", "exists a yes"},
      {"TYPE @a", "is:none", "exists a no"},
      {"TYPE @a", "is:string", "exists a yes"},
  });
}

TEST(audit_command_ops, Stores) {
  expect_all({
      {"SET @a =x", "ok", "store a yes"},
      {"SET @a =x EX 5", "ok", "store a yes 5000ms"},
      {"SET @a =x PX 5", "ok", "store a yes 5ms"},
      {"SET @a =x KEEPTTL", "ok", "store a yes kept"},
      {"SET @a =x EX many", "ok", "store a yes some-ttl"},
      {"SET @a =x XX", "nil", "store a no if-present"},
      {"SET @a =x IFEQ =y", "nil", "store a no if-equal"},
      {"SET @a =x NX PX 5000", "ok", "acquire a yes 5000ms"},
      {"SET @a =x NX PX 5000", "nil", "acquire a no 5000ms"},
      {"SET @a =x NX GET", "nil", "acquire a yes"},
      {"SET @a =x NX GET", "text", "acquire a no"},
      {"SET @a =x XX GET", "nil", "store a no if-present"},
      {"SET @a =x GET", "nil", "store a yes"},
      {"SETNX @a =x", "1", "acquire a yes"},
      {"SETNX @a =x", "0", "acquire a no"},
      {"SETEX @a 5 =x", "ok", "store a yes 5000ms"},
      {"PSETEX @a 5 =x", "ok", "store a yes 5ms"},
      {"MSET @a =x @b =y", "ok", "store a yes, store b yes"},
      {"MSETNX @a =x @b =y", "0", "acquire a no, acquire b no"},
      {"HSET @a =f =x", "0", "store a yes kept part"},
      {"HSETEX @a FNX EX 5 =f =x", "0", "store a no 5000ms part"},
      {"HSETEX @a EX 5 =f =x", "1", "store a yes 5000ms part"},
      {"SADD @a =x", "0", "store a yes kept part"},
      {"JSON.SET @a =p =x", "ok", "store a yes kept"},
      {"JSON.SET @a =p =x NX", "nil", "store a no kept"},
      {"RESTORE @a 0 =x", "ok", "store a yes"},
      {"RESTORE @a 5000 =x", "ok", "store a yes 5000ms"},
      {"RENAME @a @b", "ok", "remove a yes, store b yes some-ttl"},
      {"RENAMENX @a @b", "1", "remove a yes, store b yes some-ttl"},
      {"RENAMENX @a @b", "0", "exists a yes, exists b yes"},
      {"COPY @a @b", "1", "store b yes some-ttl"},
  });
}

TEST(audit_command_ops, EndsOfKeys) {
  expect_all({
      {"DEL @a", "1", "remove a yes"},
      {"DEL @a", "0", "remove a no"},
      {"UNLINK @a @b", "1", "remove a unknown, remove b unknown"},
      {"UNLINK @a @b", "2", "remove a yes, remove b yes"},
      {"DELEX @a", "1", "remove a yes"},
      {"DELEX @a IFEQ =x", "0", "compare-remove a no"},
      {"DELIFEQ @a =x", "1", "compare-remove a yes"},
      {"EXPIRE @a 5", "1", "expire a yes 5000ms"},
      {"EXPIRE @a 5 NX", "0", "expire a no 5000ms"},
      {"PEXPIRE @a 5", "1", "expire a yes 5ms"},
      {"EXPIRE @a 0", "1", "remove a yes 0ms"},
      {"PEXPIRE @a -1", "1", "remove a yes -1ms"},
      {"EXPIRE @a soon", "1", "expire a yes some-ttl"},
      {"PERSIST @a", "1", "expire a yes"},
  });
}

TEST(audit_command_ops, AllOthers) {
  expect_all({
      {"INCR @a", "7", "change a yes"},
      {"BLPOP @a @b 1", "nil", "change a yes, change b yes"},
      {"NEWCOMMAND @a =x", "ok", "change a yes"},
      {"PING", "is:PONG", ""},
      {"WATCH @a", "ok", ""},
      {"OBJECT_ENCODING @a", "text", ""},
  });
}

TEST(audit_command_ops, TimesOfDayAreTtlsFromTheEndOfTheCommandOn) {
  // The time of the reply is 1,000,250 ms: the capture began at 1,000,000 ms, and the reply came
  // 250 ms later.
  struct timed {
    const char* command;
    const char* ops;
  };
  for (const timed& entry : {timed{"EXPIREAT @a 1006", "expire a yes 5750ms"},
                             timed{"PEXPIREAT @a 1000300", "expire a yes 50ms"},
                             timed{"PEXPIREAT @a 1000000", "remove a yes -250ms"},
                             timed{"SET @a =x EXAT 1006", "store a yes 5750ms"},
                             timed{"SET @a =x PXAT 1000300", "store a yes 50ms"}}) {
    event input = command_of(entry.command);
    input.answer = reply_of(entry.command[0] == 'S' ? "ok" : "1");
    op start;
    start.done = std::chrono::milliseconds(250);
    std::vector<op> ops;
    ops_of_command({input, start, 1'000'000, ops});
    EXPECT_EQ(text_of_all(ops), entry.ops) << entry.command;
  }
}

constexpr std::array known{
    "GET",     "GETRANGE", "SUBSTR",   "JSON.GET", "MGET",    "JSON.MGET",     "HGETALL",
    "HGET",    "HMGET",    "HKEYS",    "HVALS",    "LRANGE",  "SMEMBERS",      "ZRANGE",
    "GETEX",   "GETDEL",   "GETSET",   "EXISTS",   "TTL",     "PTTL",          "EXPIRETIME",
    "TYPE",    "STRLEN",   "SET",      "SETEX",    "PSETEX",  "SETNX",         "MSETNX",
    "MSET",    "MSETEX",   "HSET",     "HMSET",    "HSETEX",  "SADD",          "JSON.SET",
    "RESTORE", "RENAME",   "RENAMENX", "COPY",     "DEL",     "UNLINK",        "DELEX",
    "DELIFEQ", "EXPIRE",   "PEXPIRE",  "EXPIREAT", "PERSIST", "ZRANGEBYSCORE", "PEXPIREAT"};

/// With any arguments and any reply, ops have only keys of the command, an error reply gives
/// `failed`, and a missing reply gives `unknown`.
TEST(audit_command_ops, ErrorsAndSilenceAnswerNothing) {
  for (const char* const name : known) {
    EXPECT_EQ(known_command(name), name);
    for (const char* const arguments : {"", " @a", " @a =x", " @a 5 =x", " @a =x @b =y", " @a @b",
                                        " @a EX 5", " @a =x NX GET", " 5 @a PX", " =x"}) {
      for (const char* const reply : {"ok", "nil", "text", "empty", "0", "1", "-2", "[0]", "[2]",
                                      "[tn]", "error", "missing", "is:none", "is:QUEUED"}) {
        event input = command_of(std::string(name) + arguments);
        input.answer = reply_of(reply);
        for (const op& operation : ops_of(input)) {
          EXPECT_TRUE(operation.key == "a" || operation.key == "b") << name << arguments;
          if (std::string_view(reply) == "error") {
            EXPECT_EQ(operation.outcome, op_outcome::failed) << name << arguments;
          } else if (std::string_view(reply) == "missing") {
            EXPECT_EQ(operation.outcome, op_outcome::unknown) << name << arguments;
          }
        }
      }
    }
  }
}

TEST(audit_command_ops, NumbersOutOfRangeStayInRange) {
  for (const char* const command :
       {"SET @a =x EX 9223372036854775807", "SET @a =x PXAT -9223372036854775808",
        "SETEX @a 9223372036854775807 =x", "RESTORE @a 9223372036854775807 =x",
        "EXPIREAT @a -9223372036854775808", "PEXPIRE @a 9223372036854775807"}) {
    event input = command_of(command);
    input.answer = reply_of("ok");
    for (const op& operation : ops_of(input, 1'700'000'000'000)) {
      // A ttl is added to a time, so the sum of two must not overflow.
      const moment sum = operation.ttl + operation.ttl;
      EXPECT_EQ(sum / 2, operation.ttl) << command;
    }
  }
  EXPECT_FALSE(number_of(command_of("X 99999999999999999999").arguments[0]));
  EXPECT_FALSE(number_of(command_of("X 5s").arguments[0]));
  EXPECT_FALSE(number_of(command_of("X =5").arguments[0]));
  EXPECT_EQ(number_of(command_of("X -5").arguments[0]), -5);
}

}  // namespace
}  // namespace drover::audit::command_ops_test
