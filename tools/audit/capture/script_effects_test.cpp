// SPDX-License-Identifier: MIT
// Scripts written for these tests that do different things to their keys.
#include "audit/capture/script_effects.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/record_names.hpp"
#include "audit/capture/script_facts.hpp"

namespace drover::audit::script_effects_test {
namespace {

using reply_sign = script_seen::reply_sign;

std::string text_of(const reply_sign& sign) {
  if (sign.kind == reply_kind::missing) return "anything";
  std::string out{name_in(reply_names, sign.kind)};
  if (!sign.any && sign.kind == reply_kind::aggregate)
    return "[" + std::to_string(sign.integer) + "]";
  if (!sign.any && sign.kind == reply_kind::integer) return std::to_string(sign.integer);
  if (!sign.any) out += " of " + std::to_string(sign.content_digest.length);
  return out;
}

std::string text_of(const std::vector<reply_sign>& signs) {
  std::string out;
  for (const reply_sign& sign : signs) out += (out.empty() ? "" : ",") + text_of(sign);
  return out;
}

/// For example "1: acquire token 1 ttl 2 yes 1 no 0".
std::string text_of(const script_seen::key_effect& effect) {
  std::string out = std::to_string(effect.key) + ": ";
  out += name_in(purpose_names, effect.does);
  const auto add = [&out](std::string_view label, unsigned number) {
    if (number != 0) out.append(label).append(std::to_string(number));
  };
  add(" token ", effect.token_argument);
  add(" ttl ", effect.ttl_argument);
  if (effect.ttl_in_seconds) out += " s";
  add(" value ", effect.value_argument);
  if (effect.no_ttl && effect.does == script_seen::purpose::store) out += " without ttl";
  if (effect.always) out += " always";
  if (effect.may_not_try) out += " if tried";
  if (!effect.always && !effect.yes.empty()) out += " yes " + text_of(effect.yes);
  if (!effect.always && !effect.no.empty()) out += " no " + text_of(effect.no);
  return out;
}

std::string read(std::string_view body) {
  std::string out;
  for (const script_seen::key_effect& effect : facts_of_body("sha", body).keys) {
    out += (out.empty() ? "" : "; ") + text_of(effect);
  }
  return out;
}

TEST(audit_script_effects, TellAFencedStoreFromTheLockThatItCompares) {
  EXPECT_EQ(read("if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
                 "redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) return 1"),
            "1: compare; 2: compare_and_store ttl 3 value 2 if tried yes 1 no 0");
  EXPECT_EQ(
      read("local held = redis.call('get', KEYS[2])\n"
           "if held == ARGV[3] then return redis.call('setex', KEYS[1], ARGV[1], ARGV[2]) end\n"
           "return nil"),
      "1: compare_and_store ttl 1 s value 2 if tried yes status no null; 2: compare");
}

TEST(audit_script_effects, KnowScriptsThatStoreAndRelease) {
  EXPECT_EQ(read("if redis.call('get', KEYS[2]) == ARGV[1] then\n"
                 "  redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3])\n"
                 "  redis.call('del', KEYS[2])\n  return 'stored'\nend\nreturn 'gone'"),
            "1: compare_and_store ttl 3 s value 2 if tried yes text of 6 no text of 4; "
            "2: compare_and_delete token 1 yes text of 6 no text of 4");
  // Stored in any case; released if the lock is still the caller's. The reply does not tell.
  EXPECT_EQ(read("redis.call('set', KEYS[1], ARGV[2], 'PX', 5000)\n"
                 "if redis.call('get', KEYS[2]) == ARGV[1] then redis.call('del', KEYS[2]) end\n"
                 "return 1"),
            "1: store value 2 always; 2: compare_and_delete token 1 yes 1 no 1");
  EXPECT_EQ(read("redis.call('set', KEYS[1], ARGV[1]) redis.call('del', KEYS[2])"),
            "1: store value 1 without ttl always; 2: del always");
}

TEST(audit_script_effects, KnowScriptsThatReadOrTakeALease) {
  EXPECT_EQ(read("local found = redis.call('get', KEYS[1])\nif found then return found end\n"
                 "if redis.call('set', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end\n"
                 "return 0"),
            "1: read yes text no 1,0; 2: acquire token 1 ttl 2 if tried yes 1 no text,null,0");
  EXPECT_EQ(read("return redis.call('set', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])"),
            "1: acquire token 1 ttl 2 s yes status no null");
}

TEST(audit_script_effects, KnowTablesWhoseFirstElementTells) {
  EXPECT_EQ(read("local found = redis.call('get', KEYS[1])\nif found then return {1, found} end\n"
                 "if redis.call('set', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then\n"
                 "  return {2, ''} end\nreturn {3, ''}"),
            "1: read yes [1] no [2],[3]; 2: acquire token 1 ttl 2 if tried yes [2] no [1],[3]");
  EXPECT_EQ(read("return {redis.call('get', KEYS[1]), redis.call('pttl', KEYS[1])}"), "1: read");
}

TEST(audit_script_effects, GiveTheKeysOfAQueueNoPartInCaching) {
  EXPECT_EQ(read("redis.call('LPUSH', KEYS[1], ARGV[1])\n"
                 "redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])\n"
                 "redis.call('HSET', KEYS[3], 'data', ARGV[3])\n"
                 "redis.call('PUBLISH', KEYS[4], ARGV[1])"),
            "1: change always; 2: change always; 3: change always");
  EXPECT_EQ(read("if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SET', KEYS[1], '1') end\n"
                 "redis.call('XADD', KEYS[2], '*', 'a', ARGV[1]) return 1"),
            "1: acquire yes 1 no 1; 2: change always");
}

TEST(audit_script_effects, SayWhatIsNotClear) {
  EXPECT_EQ(read("redis.call(ARGV[1], KEYS[1])"), "1: unknown");
  EXPECT_EQ(read("if ARGV[1] == 'put' then redis.call('set', KEYS[1], ARGV[2])\n"
                 "else redis.call('del', KEYS[1]) end"),
            "1: unknown value 2 if tried yes null no null");
  // The name is joined of a key and a text, so it is another key.
  EXPECT_EQ(read("redis.call('set', KEYS[1] .. ':lock', ARGV[1], 'NX')\n"
                 "return redis.call('get', KEYS[1])"),
            "1: read yes text");
}

TEST(audit_script_effects, KnowLocksInHashesAndLoopsOverKeys) {
  EXPECT_EQ(read("if redis.call('exists', KEYS[1]) == 0 then\n"
                 "  redis.call('hincrby', KEYS[1], ARGV[2], 1)\n"
                 "  redis.call('pexpire', KEYS[1], ARGV[1]) return 1 end return 0"),
            "1: acquire token 2 ttl 1 yes 1 no 0");
  EXPECT_EQ(read("for _, each in ipairs(KEYS) do\n"
                 "  if redis.call('get', each) == ARGV[1] then redis.call('del', each) end\nend\n"
                 "return 1"),
            "0: compare_and_delete token 1 yes 1 no 1");
}

}  // namespace
}  // namespace drover::audit::script_effects_test
