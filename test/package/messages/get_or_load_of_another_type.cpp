// SPDX-License-Identifier: MIT
// says: drover: a loader returns the cache's T (or a type that converts to it),
// says: get_or_load_of_another_type.cpp:14
#include <drover/cache.hpp>

#include <vector>

using namespace std::chrono_literals;

int main() {
  const drover::client redis{};
  const drover::cache_options options{.name = "user", .policy = {.ttl = 60s}};
  drover::cache<std::string> users{redis, options, [](std::string_view) { return "Ada"; }};
  return users.get_or_load("42", [](std::string_view) { return std::vector<int>{1}; }) ? 0 : 1;
}
