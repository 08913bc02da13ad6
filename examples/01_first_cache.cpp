// SPDX-License-Identifier: MIT
// 1. A first cache: when many callers ask for a key at once, the origin is asked once.
//
//   01_first_cache [redis url]
#include <drover/cache.hpp>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

int queries = 0;

std::string load_user(std::string_view id) {  // asks your database
  ++queries;                                  // no lock: this program never runs two at once
  std::this_thread::sleep_for(50ms);
  return "user " + std::string{id};
}

}  // namespace

int main(int count, char** values) {
  const std::string url = count > 1 ? values[1] : "redis://127.0.0.1:6379";

  drover::client redis{url};
  drover::cache<std::string> users{
      redis, {.name = "user", .policy = {.ttl = 60s, .grace = 10min}}, load_user};

  std::optional<std::string> user = users.get("42");  // one load for any number of callers

  std::vector<std::jthread> callers;
  for (int i = 0; i < 50; ++i) {
    callers.emplace_back([&] { static_cast<void>(users.get("43")); });
  }
  callers.clear();

  std::printf("%s, %d queries for 51 calls\n", user->c_str(), queries);
}
