// SPDX-License-Identifier: MIT
// The smallest program that uses the library: while Redis is away, a cache answers from the loader.
#include <drover/cache.hpp>

#include <chrono>
#include <string>
#include <string_view>

int main() {
  using namespace std::chrono_literals;
  const drover::client nowhere{{.url = "unix:///nowhere/redis.sock"}};
  drover::cache<std::string> greetings{
      nowhere, {.name = "greeting", .policy = {.ttl = 60s}}, [](std::string_view name) {
        return "hello " + std::string(name);
      }};
  return greetings.get("world") == "hello world" ? 0 : 1;
}
