// SPDX-License-Identifier: MIT
// Loads under a lock for the tests of rules.
#pragma once

#include <chrono>
#include <string>

#include "audit/engine/stage_for_test.hpp"

namespace drover::audit::testing::lock_turns {

using namespace std::chrono_literals;

inline constexpr const char* lock = "lock:user:42";

inline std::string token(int turn) { return "token-" + std::to_string(turn); }

/// Once a second, client 1 loads under a lock that client 2 fails to take.
template <class Take, class Release>
stage turns(int count, Take&& take, Release&& release, std::chrono::microseconds load = 50ms) {
  stage world;
  for (int turn = 1; turn <= count; ++turn) {
    const std::chrono::microseconds begin = 1s * turn;
    world.at(begin).client(1).get(user).miss();
    world.at(begin + 1ms).client(2).get(user).miss();
    take(world, begin + 2ms, turn);
    world.at(begin + 5ms).client(2).set(lock, "other").nx().px(5s).nil();
    world.at(begin + load).client(1).set(user, "v").px(500ms).ok();
    release(world, begin + load + 1ms, turn);
    world.at(begin + load + 20ms).client(2).get(user).hit("v");
  }
  return world;
}

inline void take_right(stage& world, std::chrono::microseconds at, int turn) {
  world.at(at).client(1).set(lock, token(turn)).nx().px(5s).ok();
}
inline void release_right(stage& world, std::chrono::microseconds at, int turn) {
  world.at(at).client(1).compare_and_delete(lock, token(turn)).answers(1);
}
inline void release_plain(stage& world, std::chrono::microseconds at, int) {
  world.at(at).client(1).del(lock).answers(1);
}

}  // namespace drover::audit::testing::lock_turns
