// SPDX-License-Identifier: MIT
// Runs every numbered example against a private server and checks its output.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "support/redis_server.hpp"

namespace drover::test::examples_test {
namespace {

struct ending {
  int status = -1;
  std::string output;
};

ending run_example(const std::string& name, const std::string& url) {
  const std::string command = std::string{DROVER_EXAMPLE_DIR} + "/" + name + " " + url + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  ending end;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) end.output += buffer;
  end.status = pclose(pipe);
  return end;
}

struct example {
  const char* name;
  const char* says;  ///< expected lines in order; a background loader may print lines in between
};

bool says_in_order(const std::string& output, const std::string& lines) {
  std::istringstream expected{lines};
  std::istringstream actual{output};
  for (std::string line; std::getline(expected, line);) {
    std::string other;
    do {
      if (!std::getline(actual, other)) return false;
    } while (other != line);
  }
  return true;
}

constexpr example examples[] = {
    {"example_01_first_cache", "user 42, 2 queries for 51 calls\n"},
    {"example_02_absent_and_failing",
     "no such user\nno such user\nno such user\nfailed: the database is down\n"},
    {"example_03_stale_while_refreshing",
     "loading tea, before: nothing\nprice 1\nprice 1, stale\n"},
    {"example_04_after_a_change", "Ada\nGrace\n"},
    {"example_05_your_own_types",
     "Benutzer 42 of Springfield, loaded\nBenutzer 42 of Springfield, fresh\n42\n"},
    {"example_06_watching_and_stopping", "refused: the call's time limit passed while it waited\n"},
    {"example_07_price_service",
     "200 green tea, 450 cents, loaded\n200 green tea, 450 cents, fresh\n404 no such product\n"
     "200 green tea, 500 cents, loaded\n200 green tea, 500 cents, stale\nrefreshed\n"
     "200 green tea, 500 cents, stale\n502 the database is down\n0 loads still run\n"},
};

TEST(examples, EachRunsAndSaysWhatItShows) {
  for (const example& program : examples) {
    const redis_server server;
    const ending end = run_example(program.name, server.url());
    EXPECT_EQ(end.status, 0) << program.name << "\n" << end.output;
    EXPECT_TRUE(says_in_order(end.output, program.says)) << program.name << "\n" << end.output;
  }
}

TEST(examples, EachIsRunHere) {
  std::set<std::string> known;
  for (const example& program : examples) known.insert(program.name);
  std::size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator{DROVER_EXAMPLE_DIR}) {
    const std::string name = file.path().filename().string();
    if (name.rfind("example_", 0) != 0) continue;
    ++count;
    EXPECT_TRUE(known.count(name) == 1) << name;
  }
  EXPECT_EQ(count, known.size());
}

}  // namespace
}  // namespace drover::test::examples_test
