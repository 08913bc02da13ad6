// SPDX-License-Identifier: MIT
// What everybody writes first: read the cache, else ask the database and store.
#include <utility>

#include "simulate/redis_commands.hpp"
#include "simulate/strategy.hpp"

namespace drover::simulate {
namespace {

class cache_aside final : public strategy {
 public:
  explicit cache_aside(strategy_settings with) : with_{std::move(with)}, redis_{with_.redis_url} {}

  std::string get(std::string_view key) override {
    if (auto cached = redis_.get(key)) return *std::move(cached);
    std::string value = with_.ask(key);
    redis_.setex(key, std::chrono::ceil<std::chrono::seconds>(with_.ttl), value);
    return value;
  }

  bool is_cached(std::string_view key) override { return redis_.get(key).has_value(); }

 private:
  const strategy_settings with_;
  redis_commands redis_;
};

}  // namespace

std::unique_ptr<strategy> begin_cache_aside(strategy_settings with) {
  return std::make_unique<cache_aside>(std::move(with));
}

}  // namespace drover::simulate
