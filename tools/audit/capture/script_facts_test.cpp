// SPDX-License-Identifier: MIT
// Scripts written for these tests, in the forms that applications use.
#include "audit/capture/script_facts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/known_scripts.hpp"
#include "audit/capture/lua_text.hpp"
#include "audit/capture/record_names.hpp"
#include "lease/scripts.hpp"

namespace drover::audit::script_facts_test {
namespace {

using purpose = script_seen::purpose;
using texts = std::vector<std::string>;

/// For example "acquire token 1 ttl 2".
std::string text_of(const script_seen& facts) {
  std::string out{name_in(purpose_names, facts.does)};
  if (facts.says != script_seen::success::unknown) {
    out.append(" says ").append(name_in(success_names, facts.says));
  }
  const auto add = [&out](std::string_view label, unsigned number) {
    if (number != 0) out.append(label).append(std::to_string(number));
  };
  add(" token ", facts.token_argument);
  add(" ttl ", facts.ttl_argument);
  if (facts.ttl_in_seconds) out += " s";
  add(" value ", facts.value_argument);
  return out;
}

std::string read(std::string_view body) { return text_of(facts_of_body("sha", body)); }

TEST(audit_script_facts, KnowCompareAndDelete) {
  const std::string expected = "compare_and_delete token 1";
  EXPECT_EQ(read("if redis.call('get', KEYS[1]) == ARGV[1] then\n"
                 "  return redis.call('del', KEYS[1])\nend\nreturn 0"),
            expected);
  EXPECT_EQ(read("local key, mine = KEYS[1], ARGV[1]\n"
                 "if ARGV[1] ~= redis.call('GET', key) then return 0 end\n"
                 "return redis.call('UNLINK', key)"),
            expected);
  EXPECT_EQ(read("local call = redis.call\nlocal mine = tostring(ARGV[1])\n"
                 "local held = call(\"get\", KEYS[1])\n"
                 "if held and held == mine then call('del', KEYS[1]) return 1 end return 0"),
            expected);
  EXPECT_EQ(read("for _, each in ipairs(KEYS) do\n"
                 "  if redis.call('get', each) == ARGV[1] then redis.pcall('del', each) end\nend"),
            expected);
  EXPECT_EQ(read("if server.call('hexists', KEYS[1], ARGV[2]) == 0 then return nil end\n"
                 "if redis.call('hincrby', KEYS[1], ARGV[2], -1) < 1 then\n"
                 "  redis.call('del', KEYS[1]) redis.call('publish', KEYS[2], ARGV[1]) end"),
            "compare_and_delete token 2");
}

TEST(audit_script_facts, KnowRenewal) {
  EXPECT_EQ(read("if redis.call('get', KEYS[1]) == ARGV[2] then\n"
                 "  return redis.call('pexpire', KEYS[1], ARGV[1]) end return 0"),
            "compare_and_expire token 2 ttl 1");
  EXPECT_EQ(read("local mine, seconds = ARGV[1], tonumber(ARGV[2])\n"
                 "if redis.call('get', KEYS[1]) == mine then\n"
                 "  return redis.call('expire', KEYS[1], seconds) end return 0"),
            "compare_and_expire token 1 ttl 2 s");
  EXPECT_EQ(read("if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end\n"
                 "redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1"),
            "compare_and_expire token 1 ttl 2");
}

TEST(audit_script_facts, KnowCompareAndStore) {
  EXPECT_EQ(read("if redis.call('get', KEYS[1]) == ARGV[1] then\n"
                 "  return redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3]) end return 0"),
            "compare_and_store token 1 ttl 3 s value 2");
  EXPECT_EQ(read("local now = redis.call('hget', KEYS[1], 'version')\n"
                 "if now == false or now == ARGV[1] then\n"
                 "  redis.call('hset', KEYS[1], 'value', ARGV[2]) return 1 end return 0"),
            "compare_and_store token 1 value 2");
}

TEST(audit_script_facts, KnowAcquisitions) {
  EXPECT_EQ(read("return redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])"),
            "acquire token 1 ttl 2");
  EXPECT_EQ(read("if redis.call('setnx', KEYS[1], ARGV[1]) == 1 then\n"
                 "  redis.call('expire', KEYS[1], ARGV[2]) return 1 end return 0"),
            "acquire token 1 ttl 2 s");
  EXPECT_EQ(read("if redis.call('exists', KEYS[1]) == 1 then return 0 end\n"
                 "redis.call('psetex', KEYS[1], ARGV[2], ARGV[1]) return 1"),
            "acquire token 1 ttl 2");
  EXPECT_EQ(read("if redis.call('exists', KEYS[1]) == 0 then\n"
                 "  redis.call('hincrby', KEYS[1], ARGV[2], 1)\n"
                 "  redis.call('pexpire', KEYS[1], ARGV[1]) return nil end\n"
                 "return redis.call('pttl', KEYS[1])"),
            "acquire says null token 2 ttl 1");
  EXPECT_EQ(read("if redis.call('set', KEYS[1], ARGV[1], 'nx', 'ex', 5) then return nil end\n"
                 "return redis.call('get', KEYS[1])"),
            "acquire says null token 1");
}

TEST(audit_script_facts, KnowWhatIsNoLock) {
  EXPECT_EQ(read("local n = redis.call('incr', KEYS[1])\n"
                 "if n == 1 then redis.call('expire', KEYS[1], ARGV[1]) end return n"),
            "rate_limit ttl 1 s");
  EXPECT_EQ(read("redis.call('zremrangebyscore', KEYS[1], 0, ARGV[1])\n"
                 "if redis.call('zcard', KEYS[1]) < 5 then\n"
                 "  redis.call('zadd', KEYS[1], ARGV[2], ARGV[2]) return 1 end return 0"),
            "rate_limit");
  EXPECT_EQ(read("return {redis.call('get', KEYS[1]), redis.call('pttl', KEYS[1])}"), "read");
  EXPECT_EQ(read("redis.call('setex', KEYS[1], ARGV[2], ARGV[1])"), "store ttl 2 s value 1");
  EXPECT_EQ(read("return redis.call('del', unpack(KEYS))"), "del");
  EXPECT_EQ(read("return redis.call('publish', 'x', ARGV[1])"), "unknown");
  EXPECT_EQ(read("return 1"), "unknown");
  EXPECT_EQ(read(""), "unknown");
}

TEST(audit_script_facts, ReadNothingFromCommentsAndTexts) {
  EXPECT_EQ(read("-- redis.call('del', KEYS[1])\n--[[ redis.call('del') ]]\n"
                 "local text = \"redis.call('del', KEYS[1])\" return [[redis.call('del')]]"),
            "unknown");
}

TEST(audit_script_facts, ListTheCallsOnce) {
  const script_seen facts = facts_of_body("sha",
                                          "redis.call('get', KEYS[1])\n"
                                          "redis.call(ARGV[1], KEYS[1])\n"
                                          "redis.call('GET', redis.call('hget', 'h', 'f'))");
  EXPECT_EQ(facts.calls, (texts{"GET", "HGET"}));
  EXPECT_EQ(facts.script, "sha");
}

TEST(audit_script_facts, ReadFunctionsOfALibraryOneByOne) {
  const library_facts facts = facts_of_library(
      "#!lua name=mylib\n"
      "local function unlock(keys, args)\n"
      "  if redis.call('get', keys[1]) == args[1] then return redis.call('del', keys[1]) end\n"
      "  return 0\nend\n"
      "redis.register_function('unlock', unlock)\n"
      "redis.register_function{function_name='peek', flags={'no-writes'},\n"
      "  callback=function(k, a) return redis.call('get', k[1]) end}\n"
      "redis.register_function('put', function(k, a)\n"
      "  if #a == 2 then redis.call('set', k[1], a[1], 'PX', a[2]) end return 1 end)\n");
  EXPECT_EQ(facts.name, "mylib");
  ASSERT_EQ(facts.functions.size(), 3U);
  EXPECT_EQ(facts.functions[0].script, "unlock");
  EXPECT_EQ(text_of(facts.functions[0]), "compare_and_delete token 1");
  EXPECT_EQ(facts.functions[1].script, "peek");
  EXPECT_EQ(text_of(facts.functions[1]), "read");
  EXPECT_EQ(facts.functions[2].script, "put");
  EXPECT_EQ(text_of(facts.functions[2]), "store ttl 2 value 1");
}

TEST(audit_script_facts, KnowDroversOwnByTheirHashAlone) {
  for (const lease::script& script : lease::scripts()) {
    const auto called = facts_of_published(script.sha1);
    ASSERT_TRUE(called) << script.name;
    EXPECT_EQ(called->known_as, "drover " + std::string{script.name});
    EXPECT_EQ(called->script, script.sha1);
    const script_seen loaded = facts_of_body(script.sha1, script.text);
    EXPECT_EQ(loaded.known_as, called->known_as);
    EXPECT_FALSE(loaded.calls.empty());
  }
  // FILL says in an array whether it has stored the value.
  const auto fill = facts_of_published(lease::script_of(lease::script_id::fill).sha1);
  ASSERT_TRUE(fill);
  EXPECT_EQ(text_of(*fill), "compare_and_store says first_one token 1 ttl 7 value 10");
  EXPECT_FALSE(facts_of_published("0000000000000000000000000000000000000000"));
}

TEST(audit_script_facts, KnowPublishedScriptsByTheirHash) {
  const auto called = facts_of_published("c3f8721cbb97f72bc19e972846bd7aaf91901658");
  ASSERT_TRUE(called);
  EXPECT_EQ(called->known_as, "redis-py lock release");
  EXPECT_EQ(text_of(*called), "compare_and_delete says one token 1");
}

TEST(audit_lua_text, IsTheSameWhateverTheWhiteSpace) {
  EXPECT_EQ(normalised_lua("if x==1 then -- why\n\treturn \"a b\";\nend"),
            normalised_lua("if  x == 1 then return 'a b' end"));
  EXPECT_NE(normalised_lua("return 'a b'"), normalised_lua("return 'a  b'"));
  EXPECT_EQ(normalised_lua("a~=b..c[==[x]]y]==]"), "a ~= b .. c 'x]]y'");
}

TEST(audit_lua_text, HoldsItsOwnOnWhatIsNoLua) {
  for (const std::string_view text :
       {"'", "\"\\", "[[", "--[[", "--", "[=", "((((", "\x01\xff", "local",
        "local a =", "redis.call(", "redis.call('x'", "== ==", "return"}) {
    (void)facts_of_body("sha", text);
    (void)facts_of_library(text);
  }
}

}  // namespace
}  // namespace drover::audit::script_facts_test
