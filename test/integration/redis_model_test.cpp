// SPDX-License-Identifier: MIT
// The model of Redis against real servers: random lists of commands, compared byte by byte. Redis
// 7.0 always; Redis 8.0 if $DROVER_REDIS_8_SERVER is its path; Valkey 8.1 if $DROVER_VALKEY_SERVER
// is its path, or if valkey-server is in $PATH. $DROVER_MODEL_LISTS is the number of lists per
// test, $DROVER_MODEL_SEED the first seed. A difference is printed with its seed and the fewest
// steps that show it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "integration/redis_model_comparison.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"

namespace drover::test::redis_model_test {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const given = std::getenv(variable);
  return given != nullptr ? std::stoull(given) : otherwise;
}

std::uint64_t list_count() { return number_from("DROVER_MODEL_LISTS", is_sanitized ? 20 : 60); }
std::uint64_t first_seed() { return number_from("DROVER_MODEL_SEED", 1); }

void compare_lists(const redis_server& server, list_kind kind) {
  model_comparison comparison{server};
  comparison_result sum;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + list_count(); ++seed) {
    const comparison_result found = comparison.run(seed, kind);
    sum.requests += found.requests;
    sum.skipped += found.skipped;
    sum.pushes += found.pushes;
    if (found.difference) {
      FAIL() << *found.difference << "\n\nshrunk: " << comparison.shrink(seed, kind);
    }
  }
  std::cout << comparison.server_text() << ": " << list_count() << " lists, " << sum.requests
            << " requests, " << sum.pushes << " pushes, " << sum.skipped
            << " requests skipped as unknown to the model, " << comparison.interruptions()
            << " lists begun anew\n";
  EXPECT_GT(sum.requests, 30 * list_count());
  EXPECT_GT(sum.pushes, list_count());
  EXPECT_LT(sum.skipped, sum.requests / 20);
}

void compare_lists(const std::string& program, list_kind kind) {
  redis_server::options with = comparable_server();
  with.program = program;
  const redis_server server{with};
  compare_lists(server, kind);
}

std::string path_from(const char* variable) {
  const char* const given = std::getenv(variable);
  return given != nullptr ? given : "";
}

TEST(redis_model, AnswersAsRedis7) { compare_lists("", list_kind::healthy); }

TEST(redis_model, AnswersAsRedis7InTrouble) { compare_lists("", list_kind::with_states); }

TEST(redis_model, AnswersAsRedis8) {
  const std::string program = path_from("DROVER_REDIS_8_SERVER");
  if (program.empty()) GTEST_SKIP() << "DROVER_REDIS_8_SERVER is not the path of a Redis 8.0";
  compare_lists(program, list_kind::healthy);
  compare_lists(program, list_kind::with_states);
}

TEST(redis_model, AnswersAsValkey) {
  const std::string program = valkey_program().string();
  if (program.empty()) {
    GTEST_SKIP() << "no valkey-server in PATH, and DROVER_VALKEY_SERVER is not its path";
  }
  compare_lists(program, list_kind::healthy);
  compare_lists(program, list_kind::with_states);
}

/// Lists of the server in which a spoilt model differs, and the shortest text about one.
void expect_found(const sabotage& spoil, std::string_view where) {
  const redis_server server{comparable_server()};
  model_comparison comparison{server, spoil};
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    if (!comparison.run(seed, list_kind::healthy).difference) continue;
    const std::string text = comparison.shrink(seed, list_kind::healthy);
    EXPECT_NE(text.find("seed " + std::to_string(seed) + ","), std::string::npos) << text;
    EXPECT_NE(text.find(where), std::string::npos) << text;
    EXPECT_LE(std::ranges::count(text, '\n'), 25) << text;
    return;
  }
  FAIL() << "nothing was found in 200 lists";
}

TEST(redis_model_comparison, FindsOneWrongReply) {
  expect_found(
      [](const list_step& step, std::string& bytes) {
        // It depends on no key, whose end would depend on the time that the steps take.
        if (step.words == std::vector<std::string>{"PING"}) bytes = "+PONK\r\n";
      },
      "PING");
}

TEST(redis_model_comparison, FindsOneWrongByteOfAnEntry) {
  expect_found(
      [](const list_step& step, std::string& bytes) {
        const bool is_script = !step.words.empty() && step.words[0] == "EVALSHA";
        if (is_script && bytes.starts_with("*4\r\n:2\r\n")) bytes[bytes.size() - 3] ^= 1;
      },
      "EVALSHA");
}

TEST(redis_model_comparison, FindsALostPush) {
  expect_found(
      [](const list_step&, std::string& bytes) {
        const std::size_t at = bytes.find(">2\r\n$10\r\ninvalidate\r\n*1");
        if (at != std::string::npos) bytes.resize(at);
      },
      "invalidate");
}

TEST(redis_model_comparison, FindsAPushBeforeItsReply) {
  expect_found(
      [](const list_step&, std::string& bytes) {
        if (bytes.starts_with("+OK\r\n>2")) bytes = bytes.substr(5) + "+OK\r\n";
      },
      "invalidate");
}

}  // namespace
}  // namespace drover::test::redis_model_test
