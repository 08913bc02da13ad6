// SPDX-License-Identifier: MIT
// Feeds records of any kind in any order. The engine must not fail and must stay within its limits.
// It runs with all rules.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "audit/engine/engine.hpp"
#include "audit/rules/all_rules.hpp"

namespace {

using namespace drover::audit;

constexpr std::size_t keys_max = 6;
constexpr std::size_t patterns_max = 8;

/// Reads the input bytes as choices. Returns zeros after the end of the input.
class choices {
 public:
  choices(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  [[nodiscard]] bool empty() const { return at_ == end_; }
  std::uint8_t next() { return at_ == end_ ? std::uint8_t{0} : *at_++; }
  std::uint8_t next(std::uint8_t below) { return static_cast<std::uint8_t>(next() % below); }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

const char* const commands[] = {
    "GET",     "MGET",      "HGETALL", "SET",      "SETEX",     "PSETEX",
    "SETNX",   "GETSET",    "DEL",     "UNLINK",   "DELEX",     "DELIFEQ",
    "EXPIRE",  "PEXPIREAT", "PERSIST", "EXISTS",   "PTTL",      "TYPE",
    "HSET",    "SADD",      "INCR",    "BLPOP",    "WATCH",     "EXEC",
    "DISCARD", "EVALSHA",   "FCALL",   "MSET",     "RENAME",    "COPY",
    "RESTORE", "GETEX",     "GETDEL",  "FLUSHALL", "SUBSCRIBE", "CLIENT TRACKING",
    "",        "NOSUCH"};
const char* const keys[] = {
    "user:1", "user:2", "lock:user:1", "lock:user:2", "user:1:ts", "",   "a{b}c:0af3", "session:9",
    "mutex",  "page:7", "lock:page:7", "other:1",     "x",         "y1", "z:z:z"};
const char* const words[] = {"NX",  "XX",   "PX",   "EX", "PXAT", "KEEPTTL",
                             "GET", "IFEQ", "1000", "-1", "0",    "999999999999999999",
                             "60"};

digest digest_of(choices& from) {
  const std::uint8_t pick = from.next();
  return {pick % 7U, (pick % 3U) == 0 ? 2'000'000U : pick, static_cast<shape>(pick % 7U)};
}

reply_item item_of(choices& from) {
  reply_item made;
  made.kind = static_cast<reply_kind>(from.next(7));
  made.integer = static_cast<std::int8_t>(from.next());
  made.word = from.next(2) == 0 ? "OK" : "NOSCRIPT";
  made.of = digest_of(from);
  return made;
}

event event_of(choices& from, moment& now, std::uint64_t& sequence) {
  event made;
  made.sequence = ++sequence;
  made.connection = from.next(5);
  made.database = from.next(8) == 0 ? 1 : 0;
  made.batch = from.next(4) == 0 ? 7 : sequence + 10;
  made.transaction = from.next(4) == 0 ? from.next(3) : 0U;
  made.executed = from.next(6) != 0;
  now += std::chrono::microseconds(from.next() * from.next() * 16);
  // This includes events that no capture produces: a reply before its request.
  made.sent = now - std::chrono::microseconds(static_cast<std::int8_t>(from.next()) * 1000);
  made.done = now;
  made.command = commands[from.next(std::size(commands))];
  if (made.command == "EVALSHA" || made.command == "FCALL") {
    made.script = "s" + std::to_string(from.next(12));
  }
  const std::uint8_t count = from.next(6);
  for (std::uint8_t i = 0; i < count; ++i) {
    field argument;
    argument.kind = static_cast<field_kind>(from.next(3));
    if (argument.kind == field_kind::key) argument.text = keys[from.next(std::size(keys))];
    if (argument.kind == field_kind::word) argument.text = words[from.next(std::size(words))];
    if (argument.kind != field_kind::word) argument.of = digest_of(from);
    made.arguments.push_back(std::move(argument));
  }
  made.argument_count = count;
  static_cast<reply_item&>(made.answer) = item_of(from);
  for (std::uint8_t i = from.next(4); i > 0; --i) made.answer.items.push_back(item_of(from));
  return made;
}

script_seen script_of(choices& from) {
  script_seen made;
  made.script = "s" + std::to_string(from.next(12));
  made.does = static_cast<script_seen::purpose>(from.next(9));
  made.says = static_cast<script_seen::success>(from.next(5));
  made.token_argument = from.next(4);
  made.ttl_argument = from.next(4);
  made.value_argument = from.next(4);
  made.ttl_in_seconds = from.next(2) == 0;
  return made;
}

record record_of(choices& from, moment& now, std::uint64_t& sequence) {
  switch (from.next(24)) {
    case 0: return connection_opened{from.next(5), now, from.next(3), "p"};
    case 1: return connection_named{from.next(5), "worker-1", "lib", "1"};
    case 2: return connection_closed{from.next(5), now, true};
    case 3: return script_of(from);
    case 4: return push_received{from.next(5), now, "invalidate", {keys[from.next(4)]}};
    case 5: return origin_loads{now, from.next(), keys[from.next(std::size(keys))], "log"};
    case 6:
      return tool_acted{static_cast<tool_acted::action_kind>(from.next(2)), keys[from.next(4)], now,
                        now};
    case 7: {
      sight_lost lost;
      lost.connection = from.next(2);
      lost.at = now;
      lost.events = from.next();
      lost.one_in = 1U << from.next(3);
      return lost;
    }
    case 8:
      return server_said{keys[from.next(4)], static_cast<std::int8_t>(from.next()), "noeviction"};
    default: return event_of(from, now, sequence);
  }
}

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  choices from(data, size);
  settings told;
  told.keys_max = keys_max;
  told.patterns_max = patterns_max;
  told.history_max = 40;
  told.timeline_operations_max = 30;
  told.timeline_events_max = 5;
  told.timeline_keys_max = 3;
  told.connections_max = 4;
  engine judge(told, all_rules());
  capture_begun begun;
  begun.keys_hidden = from.next(8) == 0;
  judge.feed(record(begun));
  moment now{};
  std::uint64_t sequence = 0;
  while (!from.empty()) judge.feed(record_of(from, now, sequence));
  const audit_result result = judge.finish();
  must(judge.context().patterns().size() <= patterns_max);
  must(result.timeline.keys.size() <= told.timeline_keys_max);
  must(result.timeline.operations.size() <= told.timeline_operations_max);
  must(result.timeline.cold_events.size() <= told.timeline_events_max);
  must(result.timeline.roles.size() == result.timeline.keys.size());
  for (const finding& each : result.findings) {
    must(!each.rule.empty());
    must(each.evidence_list.size() <= 6 && each.count <= each.opportunities);
  }
  return 0;
}
