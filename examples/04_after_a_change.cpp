// SPDX-License-Identifier: MIT
// 4. After a change of the origin: invalidate, and check the result. `invalidate` and `expire` are
// the only calls that report a fault of the cache, because a lost one means wrong data later.
//
//   04_after_a_change [redis url]
#include <drover/cache.hpp>

#include <cstdio>
#include <map>
#include <string>

using namespace std::chrono_literals;

int main(int count, char** values) {
  drover::client redis{count > 1 ? values[1] : "redis://127.0.0.1:6379"};
  std::map<std::string, std::string, std::less<>> database{{"42", "Ada"}};

  drover::cache<std::string> users{redis,
                                   {.name = "example-4", .policy = {.ttl = 60s}},
                                   [&](std::string_view id) { return database.find(id)->second; }};
  std::printf("%s\n", users.get("42")->c_str());

  database["42"] = "Grace";
  if (const drover::result<void> done = users.invalidate("42"); !done) {
    // It is unknown whether Redis executed it. It is sent again until a server acknowledges it.
    // Until then this process serves nothing older, but other processes may. Report it.
    std::printf("not acknowledged: %s\n", done.error().text.c_str());
  }
  std::printf("%s\n", users.get("42")->c_str());
}
