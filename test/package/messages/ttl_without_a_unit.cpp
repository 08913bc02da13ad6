// SPDX-License-Identifier: MIT
// says: times: 60s, 500ms; not 60, 0.5s
#include <drover/cache.hpp>

int main() {
  const drover::client redis{};
  drover::cache<std::string> users{
      redis, {.name = "user", .policy = {.ttl = 60}}, [](std::string_view) { return "Ada"; }};
}
