// SPDX-License-Identifier: MIT
// Traffic from which the rules learn how long a load takes.
#pragma once

#include <chrono>
#include <string>

#include "audit/engine/stage_for_test.hpp"

namespace drover::audit::testing {

using namespace std::chrono_literals;

/// Begins with loads of about 40 ms, so that the rule knows the load time of the pattern.
inline stage with_loads(const char* key = user) {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string other = std::string(key).substr(0, 5) + std::to_string(i);
    world.at(1ms * i).client(3).get(other).miss();
    world.at(40ms + 1ms * i).client(3).set(other, "v").px(60s).ok();
    world.at(60ms + 1ms * i).client(3).get(other).hit("v");
  }
  return world;
}

}  // namespace drover::audit::testing
