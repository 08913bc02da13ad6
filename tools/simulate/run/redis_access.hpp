// SPDX-License-Identifier: MIT
// The coordinator's access to the simulation's Redis server: it reads the version, and removes the
// keys of the simulation.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "simulate/strategies/redis_commands.hpp"

namespace drover::simulate {

class redis_access {
 public:
  /// Connects at the first call. Throws std::runtime_error for an invalid `url`.
  explicit redis_access(const std::string& url) : redis_{url} {}

  /// "Redis 7.0.15". Throws std::runtime_error when the server does not answer.
  [[nodiscard]] std::string about();
  /// Removes every key whose name contains `token`, and no other key. Returns the number of keys
  /// removed. Throws std::runtime_error.
  std::uint64_t remove_keys_with(std::string_view token);

 private:
  [[nodiscard]] resp::message exchange(std::initializer_list<std::string_view> arguments);

  redis_commands redis_;
};

}  // namespace drover::simulate
