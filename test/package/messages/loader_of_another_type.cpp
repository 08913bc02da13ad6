// SPDX-License-Identifier: MIT
// says: drover: a loader returns the cache's T (or a type that converts to it),
// says: std::optional<T> or drover::loaded<T>; this one returns another type
// says: loader_of_another_type.cpp:15
#include <drover/cache.hpp>

#include <vector>

using namespace std::chrono_literals;

int main() {
  const drover::client redis{};
  const drover::cache_options options{.name = "user", .policy = {.ttl = 60s}};
  const auto load_user = [](std::string_view) { return std::vector<int>{1}; };
  drover::cache<std::string> users{redis, options, load_user};
}
