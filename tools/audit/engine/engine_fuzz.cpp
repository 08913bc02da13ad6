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

digest digest_of(choices& input) {
  const std::uint8_t pick = input.next();
  return {pick % 7U, (pick % 3U) == 0 ? 2'000'000U : pick, static_cast<shape>(pick % 7U)};
}

reply_item item_of(choices& input) {
  reply_item item;
  item.kind = static_cast<reply_kind>(input.next(7));
  item.integer = static_cast<std::int8_t>(input.next());
  item.word = input.next(2) == 0 ? "OK" : "NOSCRIPT";
  item.content_digest = digest_of(input);
  return item;
}

event event_of(choices& input, moment& now, std::uint64_t& sequence) {
  event command;
  command.sequence = ++sequence;
  command.connection = input.next(5);
  command.database = input.next(8) == 0 ? 1 : 0;
  command.batch = input.next(4) == 0 ? 7 : sequence + 10;
  command.transaction = input.next(4) == 0 ? input.next(3) : 0U;
  command.executed = input.next(6) != 0;
  now += std::chrono::microseconds(input.next() * input.next() * 16);
  // This includes events that no capture produces: a reply before its request.
  command.sent = now - std::chrono::microseconds(static_cast<std::int8_t>(input.next()) * 1000);
  command.done = now;
  command.command = commands[input.next(std::size(commands))];
  if (command.command == "EVALSHA" || command.command == "FCALL") {
    command.script = "s" + std::to_string(input.next(12));
  }
  const std::uint8_t count = input.next(6);
  for (std::uint8_t i = 0; i < count; ++i) {
    field argument;
    argument.kind = static_cast<field_kind>(input.next(3));
    if (argument.kind == field_kind::key) argument.text = keys[input.next(std::size(keys))];
    if (argument.kind == field_kind::word) argument.text = words[input.next(std::size(words))];
    if (argument.kind != field_kind::word) argument.content_digest = digest_of(input);
    command.arguments.push_back(std::move(argument));
  }
  command.argument_count = count;
  static_cast<reply_item&>(command.answer) = item_of(input);
  for (std::uint8_t i = input.next(4); i > 0; --i) command.answer.items.push_back(item_of(input));
  return command;
}

script_seen script_of(choices& input) {
  script_seen script;
  script.script = "s" + std::to_string(input.next(12));
  script.does = static_cast<script_seen::purpose>(input.next(11));
  script.says = static_cast<script_seen::success>(input.next(5));
  script.token_argument = input.next(4);
  script.ttl_argument = input.next(4);
  script.value_argument = input.next(4);
  script.ttl_in_seconds = input.next(2) == 0;
  return script;
}

record record_of(choices& input, moment& now, std::uint64_t& sequence) {
  switch (input.next(26)) {
    case 0: return connection_opened{input.next(5), now, input.next(3), "p"};
    case 1: return connection_named{input.next(5), "worker-1", "lib", "1"};
    case 2: return connection_closed{input.next(5), now, true};
    case 3: return script_of(input);
    case 4: return push_received{input.next(5), now, "invalidate", {keys[input.next(4)]}};
    case 5: return origin_loads{now, input.next(), keys[input.next(std::size(keys))], "log"};
    case 6:
      return tool_acted{static_cast<tool_acted::action_kind>(input.next(2)), keys[input.next(4)],
                        now, now};
    case 7: {
      sight_lost lost;
      lost.connection = input.next(2);
      lost.at = now;
      lost.events = input.next();
      lost.keys_per_million = all_keys >> input.next(3);
      return lost;
    }
    case 8:
      return server_said{keys[input.next(4)], static_cast<std::int8_t>(input.next()), "noeviction"};
    case 9: {
      constexpr std::string_view kinds[] = {"drop", "reset", "delay", "down"};
      fault_injected fault;
      fault.fault = fault.kind = kinds[input.next(4)];
      fault.connection = input.next(5);
      fault.key = keys[input.next(4)];
      fault.at = now;
      fault.to = now + std::chrono::milliseconds{input.next()};
      return fault;
    }
    case 10:
      return outage_planned{static_cast<outage_kind>(input.next(outage_kind_count)), now,
                            now + std::chrono::milliseconds{input.next()},
                            now + std::chrono::milliseconds{input.next()}};
    case 11:
      return application_checked{now - std::chrono::milliseconds{input.next()}, now,
                                 input.next(2) == 0, input.next(8) == 0, "it is closed"};
    default: return event_of(input, now, sequence);
  }
}

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  choices input(data, size);
  settings options;
  options.keys_max = keys_max;
  options.patterns_max = patterns_max;
  options.history_max = 40;
  options.timeline_operations_max = 30;
  options.timeline_events_max = 5;
  options.timeline_keys_max = 3;
  options.connections_max = 4;
  engine auditor(options, all_rules());
  capture_begun begun;
  begun.keys_hidden = input.next(8) == 0;
  auditor.feed(record(begun));
  moment now{};
  std::uint64_t sequence = 0;
  while (!input.empty()) auditor.feed(record_of(input, now, sequence));
  const audit_result result = auditor.finish();
  must(auditor.context().patterns().size() <= patterns_max);
  must(result.timeline.keys.size() <= options.timeline_keys_max);
  must(result.timeline.operations.size() <= options.timeline_operations_max);
  must(result.timeline.cold_events.size() <= options.timeline_events_max);
  must(result.timeline.roles.size() == result.timeline.keys.size());
  for (const finding& finding : result.findings) {
    must(!finding.rule.empty());
    must(finding.evidence_list.size() <= 6 && finding.count <= finding.opportunities);
  }
  return 0;
}
