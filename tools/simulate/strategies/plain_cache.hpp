// SPDX-License-Identifier: MIT
// GET and SETEX with the error handling of most code: `except RedisError: pass`. A failed read is a
// miss. A failed store is ignored. In both cases the caller uses the database.
//
// Threads: any.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "simulate/strategies/redis_commands.hpp"

namespace drover::simulate {

class plain_cache {
 public:
  plain_cache(redis_commands& redis, std::chrono::milliseconds ttl) : redis_{redis}, ttl_{ttl} {}

  [[nodiscard]] std::optional<std::string> get(std::string_view key) {
    try {
      return redis_.get(key);
    } catch (const redis_error&) {
      return std::nullopt;
    }
  }

  void store(std::string_view key, std::string_view value) {
    try {
      redis_.set_px(key, value, ttl_);
    } catch (const redis_error&) {
      return;
    }
  }

 private:
  redis_commands& redis_;
  std::chrono::milliseconds ttl_;
};

}  // namespace drover::simulate
