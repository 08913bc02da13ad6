// SPDX-License-Identifier: MIT
// 2. Missing rows, and an origin that fails: both answers are remembered, and neither causes a
// stampede.
//
//   02_absent_and_failing [redis url]
#include <drover/cache.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

int main(int count, char** values) {
  drover::client redis{count > 1 ? values[1] : "redis://127.0.0.1:6379"};
  int queries = 0;

  drover::cache<std::string> users{redis,
                                   {.name = "example-2", .policy = {.ttl = 60s, .absent_ttl = 5s}},
                                   [&](std::string_view id) -> std::optional<std::string> {
                                     ++queries;
                                     if (id == "broken")
                                       throw std::runtime_error{"the database is down"};
                                     return std::nullopt;  // no such user
                                   }};

  for (int i = 0; i < 3; ++i) {
    std::printf("%s\n", users.get("nobody") ? "found" : "no such user");
  }
  for (int i = 0; i < 3; ++i) {
    try {
      static_cast<void>(users.get("broken"));
    } catch (
        const std::runtime_error& failure) {  // the loader's own exception, shared: do not modify
      std::printf("failed: %s\n", failure.what());
    }
  }
  std::printf("%d queries for 6 calls\n", queries);
}
