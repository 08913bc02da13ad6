// SPDX-License-Identifier: MIT
// Conversations with a server, byte by byte: everything that real client libraries do not do, or do
// in one way only. Each script runs on its own connections and is deterministic.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/writer.hpp"
#include "support/sanitized.hpp"

namespace drover::test {

struct torture_step {
  /// The connection's number in the script; it is opened when first used.
  std::size_t connection = 0;
  std::string bytes;         ///< to send
  std::size_t messages = 0;  ///< the number of replies and pushes to wait for afterwards
  enum class then { nothing, end_sending, read_to_end, close, reset };
  then last = then::nothing;
};

struct torture_script {
  std::string name;
  std::vector<torture_step> steps;
  bool may_be_blind = false;  ///< capture may fail to parse some of it
  bool is_large = false;      ///< too large to send in single bytes
};

inline std::string command(std::initializer_list<std::string_view> words) {
  std::string out;
  resp::write_command(out, words);
  return out;
}

inline std::string repeated(const std::string& text, std::size_t count) {
  std::string out;
  for (; count > 0; --count) out += text;
  return out;
}

inline torture_script resp3_script() {
  return {
      "RESP3",
      {{0, command({"HELLO", "3", "SETNAME", "raw"}), 1},
       {0, command({"HSET", "h", "a", "1", "b", "2"}) + command({"HGETALL", "h"}), 2},
       {0, command({"SADD", "s", "x"}) + command({"SMEMBERS", "s"}), 2},
       {0, command({"ZADD", "z", "1.5", "m"}) + command({"ZSCORE", "z", "m"}), 2},
       {0, command({"GET", "none"}) + command({"HGETALL", "none"}), 2},
       {0, command({"DEBUG", "PROTOCOL", "string"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "integer"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "double"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "null"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "array"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "set"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "map"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "attrib"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "push"}), 2},
       {0, command({"DEBUG", "PROTOCOL", "verbatim"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "bignum"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "true"}), 1},
       {0, command({"DEBUG", "PROTOCOL", "false"}), 1},
       {0, command({"HELLO", "2"}) + command({"HGETALL", "h"}), 2},
       {0, command({"HELLO", "4"}) + command({"HELLO", "abc"}) + command({"HELLO", "3", "X"}), 3},
       {0, command({"HELLO", "3", "AUTH", "bob", "wrong"}), 1},
       {0, command({"HELLO", "3", "AUTH", "bob", "c4nary-secret"}) + command({"GET", "none"}), 2},
       {0, command({"RESET"}) + command({"GET", "none"}) + command({"HGETALL", "h"}), 3}}};
}

inline torture_script push_script() {
  return {"RESP3 pushes between replies",
          {{0, command({"HELLO", "3"}) + command({"SUBSCRIBE", "a", "b"}), 3},
           {0, command({"SET", "k", "v"}) + command({"GET", "k"}), 2},
           {0, command({"PUBLISH", "a", "to myself"}) + command({"GET", "k"}), 3},
           {1, command({"PUBLISH", "b", "from another"}), 1},
           {0, command({"PSUBSCRIBE", "a*"}), 2},
           {0, command({"PUBLISH", "a", "twice"}), 3},
           {0, command({"UNSUBSCRIBE"}) + command({"PUNSUBSCRIBE"}) + command({"UNSUBSCRIBE"}), 4},
           {0, command({"SSUBSCRIBE", "shard"}) + command({"SPUBLISH", "shard", "x"}), 3},
           {0, command({"SUNSUBSCRIBE"}) + command({"PING"}), 2},
           {0, command({"SUBSCRIBE", "a"}) + command({"MULTI"}) + command({"GET", "k"}), 3},
           {1, command({"PUBLISH", "a", "while it queues"}), 1},
           {0, command({"EXEC"}) + command({"PING"}), 3}}};
}

inline torture_script subscribe_script() {
  return {"RESP2 subscribe mode",
          {{0, command({"SUBSCRIBE", "a", "b", "a"}), 3},
           {0, command({"GET", "k"}) + command({"PING"}) + command({"PING", "x"}), 3},
           {1, command({"PUBLISH", "a", repeated("long ", 20'000)}), 1},
           {0, "", 1},
           {0, command({"PSUBSCRIBE", "*"}) + command({"SUBSCRIBE", "c"}), 2},
           {1, command({"PUBLISH", "c", "m"}) + command({"PUBLISH", "d", "m"}), 2},
           {0, "", 3},
           {0, command({"UNSUBSCRIBE", "a", "none"}) + command({"UNSUBSCRIBE"}), 4},
           {0, command({"PUNSUBSCRIBE"}) + command({"GET", "k"}), 2},
           {0, command({"UNSUBSCRIBE"}) + command({"PUNSUBSCRIBE"}) + command({"PING"}), 3},
           {0, command({"SUBSCRIBE", "a"}) + command({"RESET"}) + command({"GET", "k"}), 3},
           {0, command({"SUBSCRIBE"}) + command({"PING"}), 2}}};
}

inline torture_script tracking_script() {
  return {"client-side caching",
          {{0, command({"HELLO", "3"}) + command({"CLIENT", "TRACKING", "ON"}), 2},
           {0, command({"GET", "k1"}) + command({"MGET", "k2", "k3"}), 2},
           {1, command({"SET", "k1", "1"}) + command({"MSET", "k2", "2", "k3", "3"}), 2},
           {0, "", 3},
           {0, command({"GET", "k1"}) + command({"SET", "k1", "mine"}) + command({"PING"}), 4},
           {0, command({"CLIENT", "TRACKING", "OFF"}), 1},
           {0, command({"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "k"}), 1},
           {1, command({"SET", "k9", "1"}), 1},
           {0, "", 1},
           {0, command({"CLIENT", "TRACKING", "OFF"}), 1},
           {0, command({"CLIENT", "TRACKING", "ON", "OPTIN"}), 1},
           {0, command({"CLIENT", "CACHING", "YES"}) + command({"GET", "k1"}), 2},
           {1, command({"FLUSHALL"}), 1},
           {0, "", 1},
           {0, command({"CLIENT", "TRACKINGINFO"}), 1}}};
}

inline torture_script reply_script() {
  const std::string set = command({"SET", "k", "v"});
  return {"CLIENT REPLY",
          {{0, command({"CLIENT", "REPLY", "SKIP"}) + set + command({"GET", "k"}), 1},
           {0,
            command({"CLIENT", "REPLY", "OFF"}) + repeated(command({"INCR", "n"}), 500) +
                command({"GET"}) + command({"CLIENT", "REPLY", "ON"}) + command({"GET", "n"}),
            2},
           {0,
            command({"CLIENT", "REPLY", "SKIP"}) + command({"CLIENT", "REPLY", "SKIP"}) + set +
                command({"PING"}),
            1},
           {0,
            command({"CLIENT", "REPLY", "OFF"}) + command({"CLIENT", "REPLY", "SKIP"}) + set +
                command({"MULTI"}) + set + command({"EXEC"}) + command({"CLIENT", "REPLY", "ON"}) +
                command({"PING"}),
            2},
           {0, command({"CLIENT", "REPLY", "what"}) + command({"CLIENT", "REPLY"}), 2}}};
}

inline torture_script transaction_script() {
  return {
      "transactions",
      {{0, command({"MULTI"}) + command({"SET", "k", "1"}) + command({"EXEC"}), 3},
       {0, command({"MULTI"}) + command({"EXEC"}) + command({"MULTI"}) + command({"MULTI"}), 4},
       {0, command({"DISCARD"}) + command({"EXEC"}) + command({"DISCARD"}), 3},
       {0, command({"MULTI"}) + command({"GET"}) + command({"GET", "k"}) + command({"EXEC"}), 4},
       {0, command({"WATCH", "k"}) + command({"MULTI"}) + command({"GET", "k"}), 3},
       {1, command({"SET", "k", "meanwhile"}), 1},
       {0, command({"EXEC"}) + command({"PING"}), 2},
       {0, command({"WATCH", "k"}) + command({"MULTI"}) + command({"WATCH", "k"}), 3},
       {0, command({"EVAL", "return {1,{2,{3}}}", "0"}) + command({"BLPOP", "none", "0"}), 2},
       {0, command({"PUBLISH", "c", "m"}) + command({"INCR", "h"}) + command({"EXEC"}), 3},
       {0, command({"MULTI"}) + command({"SELECT", "5"}) + command({"SET", "five", "5"}), 3},
       {0, command({"EXEC"}) + command({"GET", "five"}) + command({"SELECT", "0"}), 3},
       {0, command({"MULTI"}) + command({"SUBSCRIBE", "x"}) + command({"EXEC"}), 3},
       {0, command({"RESET"}) + command({"MULTI"}) + command({"GET", "k"}), 3},
       {0, command({"RESET"}) + command({"EXEC"}) + command({"PING"}), 3}}};
}

inline torture_script inline_script() {
  return {"inline commands, empty lines, empty arrays",
          {{0, "PING\r\n", 1},
           {0, "PING\n\r\n\r\n\nPING x\n", 2},
           {0, "SET k \"a \\x41\\n\" \r\nGET k\r\nGET 'k'\r\n", 3},
           {0, "  GET   k  \r\n", 1},
           {0, "*0\r\n*-1\r\n*0\r\n" + command({"PING"}), 1},
           {0, "\r\n" + command({"GET", "k"}) + "\r\n\r\nget k\r\n", 2},
           {0, "*2\r\n$3\r\nGET\r\n$0\r\n\r\n", 1},
           {0, "MULTI\r\nGET k\r\nEXEC\r\n", 3},
           {0, "QUIT\r\n", 1, torture_step::then::read_to_end}}};
}

inline std::vector<torture_script> broken_scripts() {
  std::vector<torture_script> out;
  for (const std::string& bytes : std::vector<std::string>{
           "*1\r\n:5\r\n", "*2\r\n$3\r\nGET\r\n:5\r\n", "*1\r\n$-1\r\n", "*1\r\n$x\r\n",
           "*3000000000\r\n", "*x\r\n", "*1\r\n$600000000\r\n", "GET \"unbalanced\r\n",
           "GET 'a'b\r\n", "*1\r\n*1\r\n$4\r\nPING\r\n", repeated("x", 70'000),
           "*1\r\n$" + repeated("1", 70'000)}) {
    out.push_back({"broken: " + bytes.substr(0, 20),
                   {{0, command({"SET", "k", "v"}) + command({"GET", "k"}), 2},
                    {0, bytes, 0, torture_step::then::read_to_end}},
                   true});
  }
  return out;
}

inline torture_script blocking_script() {
  return {"blocking commands",
          {{0, command({"BLPOP", "q", "0.01"}) + command({"PING"}), 2},
           {0, command({"BLPOP", "q1", "q2", "0"}) + command({"PING"}), 0},
           {1, command({"RPUSH", "q2", "item"}), 1},
           {0, "", 2},
           {0, command({"CLIENT", "SETNAME", "waits"}), 1},
           {0, command({"XREAD", "COUNT", "1", "BLOCK", "0", "STREAMS", "x", "0"}), 0},
           {1, command({"XADD", "x", "1-1", "k", "v"}), 1},
           {1, command({"XADD", "x", "1-2", "k", "v"}), 1},
           {1, command({"XADD", "x", "1-3", "k", "v"}), 1},
           {0, "", 1}}};
}

inline torture_script nested_script() {
  return {
      "nested arrays and scripts",
      {{0, command({"EVAL", "return {1,{2,{3,{4,{5,{}}}}},false,{err='E x'},{ok='fine'}}", "0"}),
        1},
       {0,
        command({"EVAL",
                 "local t = {} for i = 1, 5000 do t[i] = {i, tostring(i)} end "
                 "return t",
                 "0"}),
        1},
       {0, command({"COMMAND", "INFO", "get", "nosuch", "set"}), 1},
       {0,
        command({"EVAL", "return redis.sha1hex('')", "0"}) +
            command({"SCRIPT", "LOAD", "return KEYS[1]"}),
        2},
       {0, command({"EVALSHA", "4ca238f611c9d0ae4e9a75a5dbac22aedc1e44fb", "1", "k"}), 1},
       {0, command({"SCRIPT", "KILL"}) + command({"SCRIPT", "NOSUCH"}), 2},
       {0, command({"XADD", "s1", "1-1", "a", "1"}) + command({"XADD", "s2", "1-1", "b", "2"}), 2},
       {0, command({"XREAD", "STREAMS", "s1", "s2", "0", "0"}), 1},
       {0,
        command({"FUNCTION", "LOAD",
                 "#!lua name=l\nredis.register_function('f', function(k, a) return {k, a} end)"}),
        1},
       {0, command({"FCALL", "f", "1", "k", "a"}) + command({"FUNCTION", "DUMP"}), 2},
       {0, command({"FUNCTION", "FLUSH"}), 1}}};
}

inline torture_script pipeline_script() {
  std::string bytes;
  for (int i = 0; i < 10'000; ++i) {
    bytes += command(
        {"SET", "p" + std::to_string(i % 50), repeated("v", static_cast<std::size_t>(i % 300))});
    bytes += command({"GET", "p" + std::to_string(i % 70)});
  }
  return {"a pipeline of 20000", {{0, std::move(bytes), 20'000}}, false, true};
}

inline torture_script large_script() {
  std::string value(std::size_t{is_sanitized ? 8 : 64} << 20U, 'x');
  for (std::size_t i = 0; i < value.size(); i += 4099) value[i] = '\r';
  for (std::size_t i = 1; i < value.size(); i += 4099) value[i] = '\n';
  return {"values of many MiB",
          {{0, command({"SET", "large", value}), 1},
           {0, command({"GET", "large"}) + command({"STRLEN", "large"}), 2},
           {0, command({"MGET", "large", "none", "large"}), 1},
           {0, command({"DEL", "large"}), 1}},
          false,
          true};
}

inline torture_script half_close_script() {
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += command({"SET", "half", std::to_string(i)});
  return {"half-close behind a pipeline",
          {{0, command({"PING"}), 1},
           {0, std::move(bytes), 300, torture_step::then::end_sending},
           {0, "", 0, torture_step::then::read_to_end},
           {1, command({"GET", "half"}), 1}}};
}

inline std::vector<torture_script> early_end_scripts() {
  std::vector<torture_script> out;
  for (const auto last : {torture_step::then::close, torture_step::then::reset}) {
    for (const std::string& bytes : std::vector<std::string>{
             "", "*", "*2\r\n$3\r\nGE", "*2\r\n$3\r\nGET\r\n$1000000\r\nabc", "PIN"}) {
      out.push_back({"early end: " + bytes.substr(0, 20),
                     {{0, command({"PING"}), 1}, {0, bytes, 0, last}, {1, command({"PING"}), 1}},
                     true});
    }
  }
  return out;
}

inline torture_script access_script() {
  return {
      "AUTH, SELECT, RESET",
      {{0, command({"AUTH", "bob", "wrong"}) + command({"AUTH", "bob", "c4nary-secret"}), 2},
       {0, command({"ACL", "WHOAMI"}) + command({"SELECT", "7"}) + command({"SET", "k", "7"}), 3},
       {0, command({"AUTH", "x"}) + command({"AUTH"}) + command({"AUTH", "a", "b", "c"}), 3},
       {0, command({"CLIENT", "SETNAME", "with blank"}) + command({"CLIENT", "SETNAME", "n"}), 2},
       {0, command({"CLIENT", "GETNAME"}) + command({"RESET"}) + command({"CLIENT", "GETNAME"}), 3},
       {0, command({"GET", "k"}) + command({"SELECT", "16"}) + command({"SELECT", "x"}), 3},
       {0, command({"ASKING"}) + command({"READONLY"}) + command({"WAIT", "0", "1"}), 3}}};
}

inline torture_script redirect_script() {
  return {"CLIENT UNBLOCK and KILL between connections",
          {{0, command({"CLIENT", "SETNAME", "victim"}), 1},
           {1, command({"CLIENT", "KILL", "TYPE", "pubsub"}), 1},
           {0, command({"SUBSCRIBE", "c"}), 1},
           {1, command({"CLIENT", "KILL", "TYPE", "pubsub"}), 1},
           {0, "", 0, torture_step::then::read_to_end},
           {1, command({"PING"}), 1}}};
}

/// Its messages contain times and addresses: see `without_chance`.
inline torture_script monitor_script() {
  return {"MONITOR",
          {{0, command({"MONITOR"}), 1},
           {1, command({"SET", "k", "a \"quoted\" value\r\n"}) + command({"GET", "k"}), 2},
           {0, "", 2},
           {0, command({"PING"}), 2},
           {0, command({"RESET"}) + command({"PING"}), 2}},
          true};
}

inline std::vector<torture_script> torture_scripts() {
  std::vector<torture_script> out{resp3_script(),    push_script(),     subscribe_script(),
                                  tracking_script(), reply_script(),    transaction_script(),
                                  inline_script(),   blocking_script(), nested_script(),
                                  pipeline_script(), large_script(),    half_close_script(),
                                  access_script(),   redirect_script(), monitor_script()};
  for (auto& script : broken_scripts()) out.push_back(std::move(script));
  for (auto& script : early_end_scripts()) out.push_back(std::move(script));
  return out;
}

}  // namespace drover::test
