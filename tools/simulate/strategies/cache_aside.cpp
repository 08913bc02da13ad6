// SPDX-License-Identifier: MIT
// The simplest strategy: it reads the cache, and on a miss it queries the database and stores the
// value. It stores nothing for an absent row.
#include <utility>

#include "simulate/strategies/built_in.hpp"
#include "simulate/strategies/plain_cache.hpp"

namespace drover::simulate {
namespace {

class cache_aside final : public strategy {
 public:
  explicit cache_aside(strategy_settings settings)
      : settings_{std::move(settings)},
        redis_{settings_.redis_url},
        cache_{redis_, settings_.ttl} {}

  std::optional<std::string> get(std::string_view key) override {
    if (auto cached = cache_.get(key)) return cached;
    std::optional<std::string> row = settings_.ask(key);
    if (row) cache_.store(key, *row);
    return row;
  }

  void invalidate(std::string_view key) override { redis_.del({key}); }

  bool is_cached(std::string_view key) override { return cache_.get(key).has_value(); }

 private:
  const strategy_settings settings_;
  redis_commands redis_;
  plain_cache cache_;
};

}  // namespace

std::unique_ptr<strategy> begin_cache_aside(strategy_settings settings) {
  return std::make_unique<cache_aside>(std::move(settings));
}

}  // namespace drover::simulate
