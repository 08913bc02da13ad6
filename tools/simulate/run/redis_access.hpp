// SPDX-License-Identifier: MIT
// The coordinator's own look at the server that a simulation plays on: who it is, and the removal
// of what the simulation left there.
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
  /// Throws std::runtime_error when `url` is none; connects when first asked.
  explicit redis_access(const std::string& url) : redis_{url} {}

  /// "Redis 7.0.15". Throws std::runtime_error when the server cannot be had.
  [[nodiscard]] std::string about();
  /// Removes every key whose name contains `token`, and no other. Answers how many. Throws
  /// std::runtime_error.
  std::uint64_t remove_keys_with(std::string_view token);

 private:
  [[nodiscard]] resp::message exchange(std::initializer_list<std::string_view> arguments);

  redis_commands redis_;
};

}  // namespace drover::simulate
