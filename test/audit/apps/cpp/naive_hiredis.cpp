// SPDX-License-Identifier: MIT
// hiredis, cache-aside: all who miss at the same time load.
#include "audit/apps/cpp/traffic.hpp"

using namespace std::chrono_literals;

namespace {

std::string get_track(traffic::connection& redis, int id) {
  const std::string key = "music:track:" + std::to_string(id);
  if (std::optional<std::string> cached = redis.ask({"GET", key})) return *cached;
  std::string track = traffic::load(key, 150ms);
  redis.ask({"SET", key, track, "EX", "1"});
  return track;
}

}  // namespace

int main() {
  return traffic::fleet(2, [](unsigned number) {
    traffic::crowd(6, 5s, number, [] {
      auto redis = std::make_shared<traffic::connection>();
      return [redis](traffic::dice& roll) { get_track(*redis, traffic::between(roll, 1, 2)); };
    });
  });
}
