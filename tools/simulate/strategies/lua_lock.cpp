// SPDX-License-Identifier: MIT
// The retry lock with its worst faults fixed. The lock holds its owner's token, and a script
// deletes it only for its owner. A waiter reads the cache at each attempt, and waits for as long as
// a lock can last before it queries the database itself.
//
// These faults remain: the lock's ttl is a guess, and a query that takes longer runs again; a store
// is not fenced; waiters poll for the end of a load; and after a crash, an error or an absent row,
// the waiters load one after another.
#include <random>
#include <thread>
#include <utility>

#include "simulate/strategies/built_in.hpp"
#include "simulate/strategies/plain_cache.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds lua_lock_ttl = 10'000ms;
constexpr std::chrono::milliseconds poll_interval_of_waiters = 50ms;

constexpr std::string_view compare_and_delete =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

std::string fresh_token() {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr int words = 4;
  std::random_device source;
  std::string token;
  for (int i = 0; i < words; ++i) {
    auto bits = source();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4U) token += digits[bits & 0xFU];
  }
  return token;
}

struct lock_release {
  redis_commands& redis;
  const std::string& lock_key;
  const std::string& token;

  ~lock_release() {
    try {
      redis.eval(compare_and_delete, lock_key, token);
    } catch (const std::exception&) {
      return;  // Redis is away: the lock expires
    }
  }
};

class lua_lock final : public strategy {
 public:
  explicit lua_lock(strategy_settings settings)
      : settings_{std::move(settings)},
        redis_{settings_.redis_url},
        cache_{redis_, settings_.ttl} {}

  std::optional<std::string> get(std::string_view key) override {
    if (auto cached = cache_.get(key)) return cached;
    const std::string lock_key = "lock:" + std::string{key};
    const std::string token = fresh_token();
    const auto patience_ends = std::chrono::steady_clock::now() + lua_lock_ttl;
    while (std::chrono::steady_clock::now() < patience_ends) {
      const std::optional<bool> acquired = try_acquire(lock_key, token);
      if (!acquired) break;
      if (*acquired) {
        const lock_release lock{redis_, lock_key, token};
        return load_unless_cached(key);
      }
      std::this_thread::sleep_for(poll_interval_of_waiters);
      if (auto cached = cache_.get(key)) return cached;
    }
    return load(key);
  }

  void invalidate(std::string_view key) override { redis_.del({key}); }

  bool is_cached(std::string_view key) override { return cache_.get(key).has_value(); }

 private:
  /// Returns nullopt if Redis is away.
  std::optional<bool> try_acquire(const std::string& lock_key, const std::string& token) {
    try {
      return redis_.set_nx_px(lock_key, token, lua_lock_ttl);
    } catch (const redis_error&) {
      return std::nullopt;
    }
  }

  std::optional<std::string> load_unless_cached(std::string_view key) {
    if (auto cached = cache_.get(key)) return cached;
    return load(key);
  }

  std::optional<std::string> load(std::string_view key) {
    std::optional<std::string> row = settings_.ask(key);
    if (row) cache_.store(key, *row);
    return row;
  }

  const strategy_settings settings_;
  redis_commands redis_;
  plain_cache cache_;
};

}  // namespace

std::unique_ptr<strategy> begin_lua_lock(strategy_settings settings) {
  return std::make_unique<lua_lock>(std::move(settings));
}

}  // namespace drover::simulate
