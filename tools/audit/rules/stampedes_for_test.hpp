// SPDX-License-Identifier: MIT
// Cold events for the tests of rules: without a lock, and under one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "audit/engine/stage_for_test.hpp"

namespace drover::audit::testing {

using namespace std::chrono_literals;

inline std::string key_of(int id) { return "user:" + std::to_string(id); }

/// Clients 1 to `clients` miss at the same time, load for 100 ms, store, and read the value.
inline void stampede(stage& world, std::chrono::microseconds begin, const std::string& key,
                     std::uint64_t clients) {
  for (std::uint64_t i = 1; i <= clients; ++i) {
    world.at(begin + 1ms * i).client(i).get(key).miss();
    world.at(begin + 100ms + 1ms * i).client(i).set(key, "v" + std::to_string(i)).px(60s).ok();
  }
  for (std::uint64_t i = 1; i <= clients; ++i) {
    for (int read = 0; read < 4; ++read) {
      world.at(begin + 200ms + 5ms * read + 1ms * i).client(i).get(key).hit();
    }
  }
}

struct lock_scenario {
  std::uint64_t clients = 4;
  std::chrono::microseconds load = 100ms;
  bool reads_again = true;  ///< read again after taking the lock
  bool deletes_plainly = false;
  std::string token = "t";
};

/// Client 1 loads under a lock. The other clients fail to take it and poll the value every 25 ms.
inline void locked(stage& world, std::chrono::microseconds begin, const std::string& key,
                   const lock_scenario& scenario = {}) {
  const std::string lock = "lock:" + key;
  const std::string token = scenario.token + std::to_string(begin.count());
  for (std::uint64_t i = 1; i <= scenario.clients; ++i) {
    world.at(begin + 1ms * i).client(i).get(key).miss();
    world.at(begin + 10ms + 1ms * i)
        .client(i)
        .set(lock, i == 1 ? token : "o" + token)
        .nx()
        .px(5s)
        .reply(i == 1);
  }
  if (scenario.reads_again) world.at(begin + 20ms).client(1).get(key).miss();
  std::chrono::microseconds at = begin + 35ms;
  for (; at < begin + scenario.load; at += 25ms) {
    for (std::uint64_t i = 2; i <= scenario.clients; ++i)
      world.at(at + 1ms * i).client(i).get(key).miss();
  }
  world.at(begin + scenario.load).client(1).set(key, "v").px(60s).ok();
  if (scenario.deletes_plainly) {
    world.at(begin + scenario.load + 1ms).client(1).del(lock).answers(1);
  } else {
    world.at(begin + scenario.load + 1ms).client(1).compare_and_delete(lock, token).answers(1);
  }
  for (std::uint64_t i = 2; i <= scenario.clients; ++i) {
    world.at(begin + scenario.load + 25ms + 1ms * i).client(i).get(key).hit("v");
  }
}

}  // namespace drover::audit::testing
