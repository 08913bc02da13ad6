// SPDX-License-Identifier: MIT
// A lock that callers try several times to take. It has the faults of many such locks: it is
// deleted without a check of its owner; a caller reads the cache again only if it gets the lock;
// and a caller that does not get the lock queries the database and stores nothing.
#include <thread>
#include <utility>

#include "simulate/strategies/built_in.hpp"
#include "simulate/strategies/plain_cache.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds lock_ttl = 10'000ms;
constexpr int attempts = 5;
constexpr std::chrono::milliseconds between_attempts = 100ms;

/// Deletes the lock, even if another caller holds it.
struct lock_deletion {
  redis_commands& redis;
  const std::string& lock_key;

  ~lock_deletion() {
    try {
      redis.del({lock_key});
    } catch (const std::exception&) {
      return;  // Redis is away: the lock expires
    }
  }
};

class retry_lock final : public strategy {
 public:
  explicit retry_lock(strategy_settings settings)
      : settings_{std::move(settings)},
        redis_{settings_.redis_url},
        cache_{redis_, settings_.ttl} {}

  std::optional<std::string> get(std::string_view key) override {
    const std::string lock_key = "lock:" + std::string{key};
    if (auto cached = cache_.get(key)) return cached;
    if (acquire(lock_key)) {
      const lock_deletion lock{redis_, lock_key};
      if (auto cached = cache_.get(key)) return cached;
      std::optional<std::string> row = settings_.ask(key);
      if (row) cache_.store(key, *row);
      return row;
    }
    return settings_.ask(key);
  }

  void invalidate(std::string_view key) override { redis_.del({key}); }

  bool is_cached(std::string_view key) override { return cache_.get(key).has_value(); }

 private:
  bool acquire(const std::string& lock_key) {
    try {
      for (int attempt = 0; attempt < attempts; ++attempt) {
        if (redis_.set_nx_px(lock_key, "1", lock_ttl)) return true;
        std::this_thread::sleep_for(between_attempts);
      }
    } catch (const redis_error&) {
      return false;
    }
    return false;
  }

  const strategy_settings settings_;
  redis_commands redis_;
  plain_cache cache_;
};

}  // namespace

std::unique_ptr<strategy> begin_retry_lock(strategy_settings settings) {
  return std::make_unique<retry_lock>(std::move(settings));
}

}  // namespace drover::simulate
