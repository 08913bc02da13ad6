// SPDX-License-Identifier: MIT
// hiredis: one caller loads, and the others ask for the value without a pause until it is there.
#include "audit/apps/cpp/traffic.hpp"

using namespace std::chrono_literals;

namespace {

const std::string release =
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

std::string get_sensor(traffic::connection& redis, const std::string& name, traffic::dice& roll) {
  const std::string key = "plant:sensor:" + name;
  for (;;) {
    if (std::optional<std::string> cached = redis.ask({"GET", key})) return *cached;
    const std::string token = std::to_string(getpid()) + "-" + std::to_string(roll());
    if (!redis.ask({"SET", key + ":lock", token, "NX", "PX", "2000"})) continue;
    if (!redis.ask({"GET", key})) {
      const std::string value = traffic::load(key, 250ms);
      redis.ask({"SET", key, value, "PX", std::to_string(traffic::between(roll, 1800, 2000))});
    }
    redis.ask({"EVAL", release, "1", key + ":lock", token});
  }
}

}  // namespace

int main() {
  return traffic::fleet(1, [](unsigned) {
    traffic::crowd(4, 5s, 1, [] {
      auto redis = std::make_shared<traffic::connection>();
      return [redis](traffic::dice& roll) { get_sensor(*redis, "t-7", roll); };
    });
  });
}
