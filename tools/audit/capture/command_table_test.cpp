// SPDX-License-Identifier: MIT
#include "audit/capture/command_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/command_list.hpp"

namespace drover::audit::command_table_test {
namespace {

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> out;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return out;
}

/// The name of the command, then one letter per argument: k key, w word, v value, x secret,
/// s script.
std::string roles_of(std::string_view line) {
  const std::vector<std::string_view> words = split(line);
  const auto [spec, named] = find_command(words[0], words.size() > 1 ? words[1] : "");
  if (spec == nullptr) return "unknown";
  std::vector<argument_role> roles;
  const std::vector<std::string_view> texts(words.begin() + static_cast<std::ptrdiff_t>(named),
                                            words.end());
  spec->assign(texts, texts.size(), roles);
  std::string out = spec->name() + ' ';
  for (const argument_role role : roles) out += "vwkxs"[static_cast<std::size_t>(role)];
  return out;
}

struct roles_case {
  std::string_view line;
  std::string_view roles;
};

const std::vector<roles_case> role_cases{
    {"get k", "GET k"},
    {"GET", "GET "},
    {"GET k surplus", "GET kv"},
    {"set k v", "SET kv"},
    {"SET k v nx px 1000", "SET kvwww"},
    {"SET k v EX 10 GET KEEPTTL", "SET kvwwww"},
    {"SET k PX PX 10", "SET kvww"},
    {"SET k v IFEQ old EX 5", "SET kvwvww"},
    {"SET k v EX secret", "SET kvwv"},
    {"SET k v secret NX", "SET kvvv"},
    {"SETEX k 10 v", "SETEX kwv"},
    {"PSETEX k 10 v", "PSETEX kwv"},
    {"SETNX k v", "SETNX kv"},
    {"GETSET k v", "GETSET kv"},
    {"GETEX k PERSIST", "GETEX kw"},
    {"GETEX k EX 5", "GETEX kww"},
    {"GETDEL k", "GETDEL k"},
    {"DELEX k IFEQ token", "DELEX kwv"},
    {"DELIFEQ k token", "DELIFEQ kv"},
    {"MGET a b c", "MGET kkk"},
    {"MSET a 1 b 2", "MSET kvkv"},
    {"MSET a 1 b", "MSET kvk"},
    {"MSETEX 2 a 1 b 2 NX EX 10", "MSETEX wkvkvwww"},
    {"MSETEX 900 a 1", "MSETEX wkv"},
    {"INCRBY k 5", "INCRBY kv"},
    {"INCRBYFLOAT k 0.5", "INCRBYFLOAT kv"},
    {"SETRANGE k 5 v", "SETRANGE kwv"},
    {"BITFIELD k SET u8 0 5 OVERFLOW FAIL INCRBY u8 0 1", "BITFIELD kwvvvwwwvvv"},
    {"BITOP and a b c", "BITOP wkkk"},
    {"DEL a b", "DEL kk"},
    {"UNLINK a b", "UNLINK kk"},
    {"EXISTS a", "EXISTS k"},
    {"EXPIRE k 10 nx", "EXPIRE kww"},
    {"PEXPIREAT k 17000000000", "PEXPIREAT kw"},
    {"SORT k BY w_* LIMIT 0 5 GET # ASC STORE d", "SORT kwvwwwwvwwk"},
    {"COPY a b DB 1 REPLACE", "COPY kkwww"},
    {"RENAME a b", "RENAME kk"},
    {"SCAN 0 MATCH user:* COUNT 10", "SCAN wwvww"},
    {"OBJECT encoding k", "OBJECT ENCODING k"},
    {"DEBUG object k", "DEBUG OBJECT k"},
    {"DEBUG set-disk anything", "DEBUG xx"},
    {"HSET k f v f v", "HSET kvvvv"},
    {"HMSET k f v", "HMSET kvv"},
    {"HGETALL k", "HGETALL k"},
    {"HSETEX k FNX EX 10 FIELDS 1 f v", "HSETEX kwwwwwvv"},
    {"HEXPIRE k 10 NX FIELDS 2 a b", "HEXPIRE kwwwwvv"},
    {"HGETEX k PERSIST FIELDS 1 f", "HGETEX kwwwv"},
    {"HINCRBY k f 5", "HINCRBY kvv"},
    {"BLPOP a b 0", "BLPOP kkw"},
    {"BLPOP 5", "BLPOP w"},
    {"BLMOVE a b LEFT RIGHT 0.5", "BLMOVE kkwww"},
    {"BLMPOP 0 2 a b LEFT COUNT 3", "BLMPOP wwkkwww"},
    {"LMPOP 1 a RIGHT", "LMPOP wkw"},
    {"LPUSH k v v", "LPUSH kvv"},
    {"LRANGE k 0 -1", "LRANGE kww"},
    {"LINSERT k BEFORE p v", "LINSERT kwvv"},
    {"SADD k a b", "SADD kvv"},
    {"SMOVE a b m", "SMOVE kkv"},
    {"SINTERCARD 2 a b LIMIT 5", "SINTERCARD wkkww"},
    {"ZADD k NX CH 1.5 m 2 n", "ZADD kwwvvvv"},
    {"ZRANGE k 0 -1 WITHSCORES", "ZRANGE kvvw"},
    {"ZRANGEBYSCORE k -inf +inf LIMIT 0 1", "ZRANGEBYSCORE kvvwww"},
    {"ZUNIONSTORE d 2 a b WEIGHTS 1 2", "ZUNIONSTORE kwkkwvv"},
    {"ZPOPMIN k 5", "ZPOPMIN kw"},
    {"GEOADD k 1 2 m", "GEOADD kvvv"},
    {"GEOSEARCHSTORE d k FROMMEMBER m BYRADIUS 5 KM COUNT 3 ANY", "GEOSEARCHSTORE kkwvwvwwww"},
    {"XADD k MAXLEN ~ 1000 LIMIT 10 * f v", "XADD kwwwwwvvv"},
    {"XADD k * f v", "XADD kvvv"},
    {"XREAD COUNT 2 BLOCK 0 STREAMS a b 0-0 $", "XREAD wwwwwkkvv"},
    {"XREADGROUP GROUP g c COUNT 1 STREAMS a >", "XREADGROUP wvvwwwkv"},
    {"XGROUP create k g $ MKSTREAM", "XGROUP CREATE kvvw"},
    {"XGROUP nothing k", "XGROUP vv"},
    {"PFADD k v", "PFADD kv"},
    {"EVAL body 2 a b x y", "EVAL swkkvv"},
    {"EVAL body 0 x", "EVAL swv"},
    {"EVAL body nonsense x", "EVAL svv"},
    {"EVAL body -1 x", "EVAL swv"},
    {"EVALSHA_RO sha 1 a x", "EVALSHA_RO vwkv"},
    {"FCALL f 1 a x", "FCALL vwkv"},
    {"SCRIPT LOAD body", "SCRIPT LOAD s"},
    {"FUNCTION load replace body", "FUNCTION LOAD ws"},
    {"SUBSCRIBE a b", "SUBSCRIBE vv"},
    {"CLIENT SETINFO LIB-NAME x", "CLIENT SETINFO wv"},
    {"CLIENT TRACKING on REDIRECT 5 PREFIX p NOLOOP", "CLIENT TRACKING wwwwvw"},
    {"CLIENT unheard secret", "CLIENT vv"},
    {"SELECT 3", "SELECT w"},
    {"HELLO 3 SETNAME me", "HELLO wwv"},
    {"JSON.SET k $ v NX", "JSON.SET kvvw"},
    {"JSON.MGET a b $", "JSON.MGET kkv"},
    {"BF.ADD k v", "BF.ADD kv"},
    {"MEMORY USAGE k SAMPLES 5", "MEMORY USAGE kww"},
    {"NOSUCH k v", "unknown"},
};

TEST(command_table, SaysWhatEachArgumentIs) {
  for (const auto& [line, roles] : role_cases) EXPECT_EQ(roles_of(line), roles) << line;
}

TEST(command_table, TakesForASecretWhatMayBeOne) {
  EXPECT_EQ(roles_of("AUTH user password more"), "AUTH xxx");
  EXPECT_EQ(roles_of("hello 3 auth user password setname me"), "HELLO wwxxwv");
  EXPECT_EQ(roles_of("HELLO three AUTH user password"), "HELLO vwxx");
  EXPECT_EQ(roles_of("HELLO 3 surprise user password"), "HELLO wxxx");
  EXPECT_EQ(roles_of("ACL SETUSER me on >password"), "ACL SETUSER xxx");
  EXPECT_EQ(roles_of("ACL unheard me"), "ACL xx");
  EXPECT_EQ(roles_of("CONFIG SET requirepass password"), "CONFIG SET xx");
  EXPECT_EQ(roles_of("config get requirepass"), "CONFIG GET x");
  EXPECT_EQ(roles_of("SENTINEL SET m auth-pass password"), "SENTINEL SET xxx");
  EXPECT_EQ(roles_of("MIGRATE h 6379 k 0 100 COPY AUTH password"), "MIGRATE vwkwwwwx");
  EXPECT_EQ(roles_of("MIGRATE h 6379 k 0 100 AUTH2 user password KEYS a b"), "MIGRATE vwkwwwxxwkk");
  EXPECT_EQ(roles_of("MIGRATE h 6379 k 0 100 SURPRISE AUTH password"), "MIGRATE vwkwwxxx");
}

std::vector<listed_command> all_listed() {
  std::vector<listed_command> all{listed_commands().begin(), listed_commands().end()};
  all.insert(all.end(), module_commands().begin(), module_commands().end());
  return all;
}

TEST(command_table, FindsAllThatIsListedInAnyCase) {
  std::set<std::string_view> names;
  for (const listed_command& command : all_listed()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name << " is listed twice";
    std::string lower{command.name};
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::vector<std::string_view> words = split(lower);
    const auto match = find_command(words[0], words.size() > 1 ? words[1] : "k");
    ASSERT_NE(match.spec, nullptr) << command.name;
    EXPECT_EQ(match.spec->name(), command.name);
    EXPECT_EQ(match.words, words.size());
  }
  for (const listed_container& container : listed_containers()) {
    for (const std::string_view word : split(container.subcommands)) {
      const auto match = find_command(container.name, word);
      ASSERT_NE(match.spec, nullptr);
      EXPECT_EQ(match.words, 2U) << container.name << ' ' << word;
    }
  }
}

TEST(command_table, HoldsItsOwnWithAnyArgumentsAtAll) {
  const std::vector<std::string_view> texts{
      "1", "NX", "STREAMS", "~", "FIELDS", "2", "KEYS", "99999999999999999999", "", "-1"};
  std::vector<argument_role> roles;
  for (const listed_command& command : all_listed()) {
    const std::vector<std::string_view> words = split(command.name);
    const auto match = find_command(words[0], words.size() > 1 ? words[1] : "");
    for (std::size_t from = 0; from < texts.size(); ++from) {
      for (std::size_t kept = 0; kept <= texts.size() - from; ++kept) {
        match.spec->assign(std::span{texts}.subspan(from, kept), kept + from, roles);
        ASSERT_EQ(roles.size(), kept);
      }
    }
  }
}

TEST(command_table, TellsWhatMayBeACommandFromWhatMayBeAnything) {
  for (const char* const good : {"GETX", "ft.new", "my_module.do-it"}) {
    EXPECT_TRUE(is_like_command(good)) << good;
  }
  for (const char* const bad : {"", "x", "hunter2", "pass word", ".GET", "k\xc3\xa4se", "a:b",
                                "averyveryverylongwordthatnocommandhas"}) {
    EXPECT_FALSE(is_like_command(bad)) << bad;
  }
}

TEST(command_table, TellsNumbersFromWords) {
  for (const char* const good : {"0", "-1", "10", "0.5", "1e5", "+3", "-inf", "-.5"}) {
    EXPECT_TRUE(is_number_word(good)) << good;
  }
  for (const char* const bad : {"", "-", "+", "e5", "E", "1x", "secret",
                                "12345678901234567890"
                                "1234567890123"}) {
    EXPECT_FALSE(is_number_word(bad)) << bad;
  }
}

}  // namespace
}  // namespace drover::audit::command_table_test
