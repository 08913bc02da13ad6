// SPDX-License-Identifier: MIT
// Drover's own library: two processes, values that expire, absent ones, and a writer who erases.
#include <drover/cache.hpp>

#include "audit/apps/cpp/traffic.hpp"

using namespace std::chrono_literals;

namespace {

std::optional<std::string> load_user(std::string_view id) {
  std::string user = traffic::load("user:" + std::string{id}, 120ms);
  if (id == "absent") return std::nullopt;
  return user;
}

void serve(unsigned number) {
  drover::client redis{traffic::redis_url()};
  drover::cache<std::string> users{
      redis,
      {.name = "user", .policy = {.ttl = 700ms, .grace = 300ms, .absent_ttl = 400ms}},
      load_user};
  std::thread writer{[&] {
    for (int change = 0; number == 0 && change < 4; ++change) {
      std::this_thread::sleep_for(1100ms);
      static_cast<void>(users.invalidate("1"));
    }
  }};
  traffic::crowd(6, 5s, number, [&users] {
    return [&users](traffic::dice& roll) {
      const int which = traffic::between(roll, 1, 3);
      static_cast<void>(users.get(which == 3 ? "absent" : std::to_string(which)));
    };
  });
  writer.join();
}

}  // namespace

int main() { return traffic::fleet(2, serve); }
