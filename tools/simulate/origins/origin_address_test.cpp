// SPDX-License-Identifier: MIT
// Tests of the values of --origin, and of the removal of passwords.
#include "simulate/origins/origin_address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::simulate {
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

struct shown {
  const char* url;
  const char* as;
};

TEST(origin_address, IsShownWithoutThePassword) {
  for (const shown& example : {
           shown{"postgresql://u:secret@host:5432/db", "postgresql://u@host:5432/db"},
           shown{"postgres://u:secret@/db", "postgres://u@/db"},
           shown{"postgresql://:secret@host", "postgresql://@host"},
           shown{"postgresql://u@host/db", "postgresql://u@host/db"},
           shown{"postgresql://host:5432/db", "postgresql://host:5432/db"},
           shown{"postgresql://a:1,b:2/db", "postgresql://a:1,b:2/db"},
           shown{"postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db"},
           shown{"postgresql://u:secret@[::1]/db", "postgresql://u@[::1]/db"},
           shown{"postgresql://", "postgresql://"},
           shown{"postgresql:///db?host=/run", "postgresql:///db?host=/run"},
           shown{"postgresql:///db?password=secret", "postgresql:///db"},
           shown{"postgresql:///db?user=u&password=secret&port=1",
                 "postgresql:///db?user=u&port=1"},
           shown{"postgresql:///db?sslpassword=secret", "postgresql:///db"},
           shown{"postgresql:///db?p%61ssword=secret", "postgresql:///db"},
           shown{"redis://u:secret@host:1/0", "redis://u@host:1/0"},
           shown{"redis://127.0.0.1:6379", "redis://127.0.0.1:6379"},
           shown{"unix:///run/redis.sock", "unix:///run/redis.sock"},
           shown{"mysql://u:secret@h", "mysql://u@h"},
           shown{"postgresql://host:5432/db?user=a@b", "postgresql://host:5432/db?user=a@b"},
       }) {
    EXPECT_EQ(without_password(example.url), example.as) << example.url;
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
}  // namespace drover::simulate
