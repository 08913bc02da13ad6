// SPDX-License-Identifier: MIT
// Tests of the values of --origin, and of the removal of passwords.
#include "simulate/origins/origin_address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::simulate::origin_address_test {
namespace {

using kind = origin_choice::kind;

TEST(origin_address, KnowsTheDatabases) {
  EXPECT_EQ(parse_origin("sqlite")->which, kind::sqlite);
  EXPECT_EQ(parse_origin("postgresql")->which, kind::postgresql_private);
  for (const char* const url : {"postgresql://", "postgres://u:p@host:5432/db?sslmode=require"}) {
    const auto parsed = parse_origin(url);
    ASSERT_TRUE(parsed) << url;
    EXPECT_EQ(parsed->which, kind::postgresql);
    EXPECT_EQ(parsed->url, url);
  }
}

TEST(origin_address, RefusesAnythingElse) {
  for (const char* const text :
       {"", "SQLite", "sqlite:", "sqlite:///file", "postgres", "postgresql:", "postgresql:/host",
        "mysql://host", "host=here", " postgresql://host", "http://postgresql://"}) {
    EXPECT_FALSE(parse_origin(text)) << text;
  }
  EXPECT_FALSE(parse_origin(std::string_view{"postgresql://a\0b", 16}));
}

struct url_example {
  const char* url;
  const char* shown_as;
};

TEST(origin_address, IsShownWithoutThePassword) {
  for (const url_example& example : {
           url_example{"postgresql://u:secret@host:5432/db", "postgresql://u@host:5432/db"},
           url_example{"postgres://u:secret@/db", "postgres://u@/db"},
           url_example{"postgresql://:secret@host", "postgresql://@host"},
           url_example{"postgresql://u@host/db", "postgresql://u@host/db"},
           url_example{"postgresql://host:5432/db", "postgresql://host:5432/db"},
           url_example{"postgresql://a:1,b:2/db", "postgresql://a:1,b:2/db"},
           url_example{"postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db"},
           url_example{"postgresql://u:secret@[::1]/db", "postgresql://u@[::1]/db"},
           url_example{"postgresql://", "postgresql://"},
           url_example{"postgresql:///db?host=/run", "postgresql:///db?host=/run"},
           url_example{"postgresql:///db?password=secret", "postgresql:///db"},
           url_example{"postgresql:///db?user=u&password=secret&port=1",
                       "postgresql:///db?user=u&port=1"},
           url_example{"postgresql:///db?sslpassword=secret", "postgresql:///db"},
           url_example{"postgresql:///db?p%61ssword=secret", "postgresql:///db"},
           url_example{"redis://u:secret@host:1/0", "redis://u@host:1/0"},
           url_example{"redis://127.0.0.1:6379", "redis://127.0.0.1:6379"},
           url_example{"unix:///run/redis.sock", "unix:///run/redis.sock"},
           url_example{"mysql://u:secret@h", "mysql://u@h"},
           url_example{"postgresql://host:5432/db?user=a@b", "postgresql://host:5432/db?user=a@b"},
       }) {
    EXPECT_EQ(without_password(example.url), example.shown_as) << example.url;
  }
}

TEST(origin_address, HidesPasswordsThatOughtToHaveBeenEscaped) {
  for (const char* const password : {"sec@ret", "sec/ret", "sec?ret", "sec:ret", "sec#ret",
                                     "s@e/c?r:et", "1/ret", "5432@ret", "sec ret", "[sec]ret"}) {
    const std::string url = std::string{"postgresql://u:"} + password + "@host/db";
    EXPECT_EQ(without_password(url), "postgresql://u@host/db") << url;
  }
  EXPECT_EQ(without_password("postgresql://u:secret"), "postgresql://u");
}

}  // namespace
}  // namespace drover::simulate::origin_address_test
