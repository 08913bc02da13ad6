// SPDX-License-Identifier: MIT
// hiredis, with a lock done right: owner token, lease, second look, back-off, release by a script.
#include "audit/apps/cpp/traffic.hpp"

using namespace std::chrono_literals;

namespace {

const std::string release = R"(
  if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
  end
  return 0)";

std::string token() {
  std::random_device device;
  std::string text;
  for (int i = 0; i < 4; ++i) text += std::to_string(device()) + "-";
  return text;
}

std::string load_as_owner(traffic::connection& redis, const std::string& key, traffic::dice& roll) {
  if (std::optional<std::string> cached = redis.ask({"GET", key})) return *cached;
  std::string value = traffic::load(key, 130ms);
  redis.ask({"SET", key, value, "PX", std::to_string(traffic::between(roll, 800, 1100))});
  return value;
}

std::string get_map(traffic::connection& redis, int tile, traffic::dice& roll) {
  const std::string key = "maps:v1:tile:" + std::to_string(tile);
  const std::string lock = "maps:v1:lock:" + std::to_string(tile);
  int wait_max = 10;
  for (const auto end = traffic::steady::now() + 4s; traffic::steady::now() < end;) {
    if (std::optional<std::string> cached = redis.ask({"GET", key})) return *cached;
    const std::string mine = token();
    if (redis.ask({"SET", lock, mine, "NX", "PX", "3000"})) {
      std::string value = load_as_owner(redis, key, roll);
      redis.ask({"EVAL", release, "1", lock, mine});
      return value;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{traffic::between(roll, 5, wait_max)});
    wait_max = std::min(wait_max * 2, 80);
  }
  throw std::runtime_error(key + " is still being loaded");
}

}  // namespace

int main() {
  return traffic::fleet(2, [](unsigned number) {
    traffic::crowd(6, 5s, number, [] {
      auto redis = std::make_shared<traffic::connection>();
      return [redis](traffic::dice& roll) { get_map(*redis, traffic::between(roll, 1, 2), roll); };
    });
  });
}
