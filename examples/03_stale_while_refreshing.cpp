// SPDX-License-Identifier: MIT
// 3. Grace: after the ttl the old value is served while one refresh runs in the background, and
// when the origin fails.
//
//   03_stale_while_refreshing [redis url]
#include <drover/cache.hpp>

#include <cstdio>
#include <string>
#include <thread>

using namespace std::chrono_literals;

int main(int count, char** values) {
  drover::client redis{count > 1 ? values[1] : "redis://127.0.0.1:6379"};
  int version = 0;

  drover::cache<std::string> prices{
      redis,
      {.name = "example-3", .policy = {.ttl = 60s, .grace = 10min}},
      [&](std::string_view key, drover::load& run) {
        const std::string* before = run.previous<std::string>();  // for conditional requests
        std::printf("loading %s, before: %s\n", std::string{key}.c_str(),
                    before != nullptr ? before->c_str() : "nothing");
        return "price " + std::to_string(++version);
      }};

  std::printf("%s\n", prices.get("tea")->c_str());

  if (!prices.expire("tea")) return 1;  // stale from now on, as if 60 s had passed
  const drover::fetched<std::string> stale = prices.fetch("tea");
  std::printf("%s, %s\n", stale.value->c_str(), std::string{to_string(stale.how)}.c_str());

  while (prices.get("tea") != "price 2") std::this_thread::sleep_for(1ms);
  std::printf("%s\n", prices.get("tea")->c_str());
}
