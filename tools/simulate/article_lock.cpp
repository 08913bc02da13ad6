// SPDX-License-Identifier: MIT
// The lock as the article has it, its faults included: the lock is deleted by whoever believes to
// hold it, whose it is by then is not asked; and who comes away empty-handed asks the database and
// stores nothing.
#include <thread>
#include <utility>

#include "simulate/redis_commands.hpp"
#include "simulate/strategy.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds lock_ttl = 10'000ms;
constexpr int attempts = 5;
constexpr std::chrono::milliseconds between_attempts = 100ms;

class article_lock final : public strategy {
 public:
  explicit article_lock(strategy_settings with) : with_{std::move(with)}, redis_{with_.redis_url} {}

  std::string get(std::string_view key) override {
    const std::string lock_key = "lock:" + std::string{key};
    if (auto cached = redis_.get(key)) return *std::move(cached);
    for (int attempt = 0; attempt < attempts; ++attempt) {
      if (redis_.set_nx_px(lock_key, "1", lock_ttl)) return get_holding(key, lock_key);
      std::this_thread::sleep_for(between_attempts);
    }
    return with_.ask(key);
  }

  bool is_cached(std::string_view key) override { return redis_.get(key).has_value(); }

 private:
  std::string get_holding(std::string_view key, const std::string& lock_key) {
    try {
      std::string value = load_unless_cached(key);
      redis_.del(lock_key);
      return value;
    } catch (...) {
      redis_.del(lock_key);
      throw;
    }
  }

  std::string load_unless_cached(std::string_view key) {
    if (auto cached = redis_.get(key)) return *std::move(cached);
    std::string value = with_.ask(key);
    redis_.setex(key, std::chrono::ceil<std::chrono::seconds>(with_.ttl), value);
    return value;
  }

  const strategy_settings with_;
  redis_commands redis_;
};

}  // namespace

std::unique_ptr<strategy> begin_article_lock(strategy_settings with) {
  return std::make_unique<article_lock>(std::move(with));
}

}  // namespace drover::simulate
