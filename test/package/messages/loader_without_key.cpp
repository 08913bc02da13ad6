// SPDX-License-Identifier: MIT
// says: drover: a loader is called with a key.
// says: R(std::string_view key), R(std::string_view key, drover::load& run),
// says: R(const std::string& key) or R(const std::string& key, drover::load& run),
// says: loader_without_key.cpp:13
#include <drover/cache.hpp>

using namespace std::chrono_literals;

int main() {
  const drover::client redis{};
  const drover::cache_options options{.name = "user", .policy = {.ttl = 60s}};
  drover::cache<std::string> users{redis, options, [] { return std::string{"Ada"}; }};
}
