// SPDX-License-Identifier: MIT
#include "audit/capture/key_pattern.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::audit::key_pattern_test {
namespace {

TEST(audit_key_pattern, FoldsWhatChangesFromKeyToKey) {
  EXPECT_EQ(fold_key("user:42"), "user:*");
  EXPECT_EQ(fold_key("shop:v2:item:7:stock"), "shop:v2:item:*:stock");
  EXPECT_EQ(fold_key("f:550e8400-e29b-41d4-a716-446655440000:x"), "f:*:x");
  EXPECT_EQ(fold_key("c:deadbeef01:x"), "c:*:x");
  EXPECT_EQ(fold_key("add:cafe"), "add:cafe");
  EXPECT_EQ(fold_key("page7of9"), "page*of*");
  EXPECT_EQ(fold_key("sess:q3ZkX81mPw2Lr0"), "sess:*");
  EXPECT_EQ(fold_key(""), "");
  EXPECT_EQ(fold_key(fold_key("a:1:b:22")), "a:*:b:*") << "a pattern is its own pattern";
  EXPECT_LE(fold_key(std::string(5000, ':')).size(), 160U);
}

TEST(audit_key_pattern, FoldsEncodedTextAsOnePart) {
  EXPECT_EQ(fold_key("find:eyJxIjogInJlZCIsICJwYWdlIjogMX0="), "find:*");
  EXPECT_EQ(fold_key("find:eyJx+IjogI/nJlZCIsICJwYWdlIjogMX0=="), "find:*");
  EXPECT_EQ(fold_key("find:eyJx-IjogI_nJlZCIsICJwYWdlIjogMX0:page:2"), "find:*:page:*");
  EXPECT_EQ(fold_key("find:+yJxIjogInJlZCIsICJwYWdlIjogMX0="), "find:*") << "a sign may be first";
  EXPECT_EQ(fold_key("u:aGVsbG8="), "u:*") << "the padding shows it";
  // Names are not encoded text.
  EXPECT_EQ(fold_key("page:/Blog/How-To-Win/Part2"), "page:/Blog/How-To-Win/Part*");
  EXPECT_EQ(fold_key("api/V2/Users/Profile"), "api/V2/Users/Profile");
  EXPECT_EQ(fold_key("shop:/items/AbC12KdkfXxZq"), "shop:/items/*") << "a word before an id stays";
  EXPECT_EQ(fold_key("getUserByIdAndName"), "getUserByIdAndName");
  EXPECT_EQ(fold_key("a=b&page=2"), "a=b&page=*");
  EXPECT_EQ(fold_key("prod-EU2-userProfile-v2"), "prod-EU*-userProfile-v2");
}

TEST(audit_key_pattern, KnowsLocksByAWordOfTheirName) {
  for (const char* const name : {"lock:user:42", "user:42:lock", "LOCK_a", "mutex.x", "my-dlm-1",
                                 "userlock:7", "jobMutex:1", "lck|a"}) {
    EXPECT_TRUE(looks_like_lock(name)) << name;
  }
  for (const char* const name :
       {"block:42", "clock", "stock:7", "unlock:1", "user:42", "", "locker"}) {
    EXPECT_FALSE(looks_like_lock(name)) << name;
  }
}

TEST(audit_key_pattern, TellsHowWellALockFitsAValue) {
  EXPECT_EQ(affinity("lock:user:42", "user:42"), 3) << "the value's name is part of the lock's";
  EXPECT_EQ(affinity("lock:42", "user:42"), 2) << "the part that varies is shared";
  EXPECT_EQ(affinity("lock:report", "cache:report"), 2) << "the last word is shared";
  EXPECT_EQ(affinity("user-lock", "user:names:all"), 1) << "a word is shared";
  EXPECT_EQ(affinity("lock:user:43", "user:42"), -1)
      << "both have a part that varies, and the parts differ";
  EXPECT_EQ(affinity("lock:user:43", "stats:42"), -1);
  EXPECT_EQ(affinity("lock:tenant7:user43", "tenant7:user42"), -1) << "the last part differs";
  EXPECT_EQ(affinity("user:1.1:l:1", "user:1.1:v:2"), -1) << "the other numbers are a version";
  EXPECT_EQ(affinity("user:1.1:l:1", "user:1.1:v:1"), 2);
  EXPECT_EQ(affinity("user:5:lock:w1", "user:5:r2024"), 2) << "a worker and a year";
  EXPECT_EQ(affinity("lock:user42", "cache:user42:page3"), 2) << "only the value has one more";
  EXPECT_EQ(affinity("mutex", "user:42"), 0);
  EXPECT_EQ(affinity("lock:a", "lock:b"), 0) << "the word lock does not count";
  EXPECT_EQ(affinity("user:42", "user:42"), 0) << "the same key";
  EXPECT_EQ(affinity("lock:user:42", ""), 0);
  EXPECT_EQ(affinity("", "user:42"), 0);
}

TEST(audit_key_pattern, SplitsANameOnceAndKeepsTheLastOfManyWords) {
  const std::string name = "shop:{item:42}.v2/stock";
  const split_name split(name);
  const std::vector<std::string_view> words(split.words().begin(), split.words().end());
  EXPECT_EQ(words, words_of(name));
  EXPECT_EQ(words, (std::vector<std::string_view>{"shop", "item", "42", "v2", "stock"}));
  EXPECT_TRUE(split.changes());
  EXPECT_TRUE(split.has("v2"));
  EXPECT_FALSE(split.has("sto"));
  EXPECT_FALSE(split_name("shop:v2:stock").changes());

  std::string longest;
  for (char c = 'a'; c <= 'z'; ++c) longest += std::string(1, c) + ':';
  const split_name many(longest);
  EXPECT_EQ(many.words().size(), 16U);
  EXPECT_EQ(many.words().front(), "a");
  EXPECT_EQ(many.words().back(), "z");
  EXPECT_TRUE(split_name("").words().empty());
  EXPECT_TRUE(split_name(":::").words().empty());
}

TEST(audit_key_pattern, MatchesGlobsAsRedisDoes) {
  const auto yes = [](const char* glob, const char* text) {
    EXPECT_TRUE(glob_matches(glob, text)) << glob << " and " << text;
  };
  const auto no = [](const char* glob, const char* text) {
    EXPECT_FALSE(glob_matches(glob, text)) << glob << " and " << text;
  };
  yes("*", "");
  yes("user:*", "user:42");
  no("user:*", "user");
  yes("*:lock", "a:b:lock");
  no("*:lock", "a:lock:b");
  yes("h?llo", "hello");
  no("h?llo", "hllo");
  yes("h[a-e]llo", "hello");
  yes("h[e-a]llo", "hello");
  no("h[^e]llo", "hello");
  yes("h[^a]llo", "hello");
  yes("a\\*b", "a*b");
  no("a\\*b", "axb");
  yes("**a**", "xxaxx");
  no("", "a");
  yes("", "");
}

}  // namespace
}  // namespace drover::audit::key_pattern_test
