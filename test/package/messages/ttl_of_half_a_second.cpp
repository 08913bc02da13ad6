// SPDX-License-Identifier: MIT
// says: times: 60s, 500ms; not 60, 0.5s
#include <drover/cache.hpp>

using namespace std::chrono_literals;

int main() {
  const drover::client redis{};
  drover::cache<std::string> users{
      redis, {.name = "user", .policy = {.ttl = 0.5s}}, [](std::string_view) { return "Ada"; }};
}
