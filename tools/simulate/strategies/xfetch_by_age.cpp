// SPDX-License-Identifier: MIT
// XFetch with two faults: it uses the value's age in place of the duration of the load, and it
// stores the value's times under a second key, so that one of the two keys may be missing. There is
// no lock: each caller decides for itself, and all callers load a cold key.
#include <utility>

#include "simulate/strategies/built_in.hpp"
#include "simulate/strategies/early_refresh.hpp"
#include "simulate/strategies/plain_cache.hpp"
#include "simulate/strategies/shared_draws.hpp"
#include "simulate/strategies/stamped_text.hpp"

namespace drover::simulate {
namespace {

wall_time now_by_wall_clock() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string meta_key(std::string_view key) { return std::string{key} + ":meta"; }

class xfetch_by_age final : public strategy {
 public:
  explicit xfetch_by_age(strategy_settings settings)
      : settings_{std::move(settings)},
        redis_{settings_.redis_url},
        cache_{redis_, settings_.ttl},
        draws_{settings_.seed} {}

  std::optional<std::string> get(std::string_view key) override {
    std::optional<std::string> cached = cache_.get(key);
    const std::optional<times> meta = times_of(key);
    if (!cached || !meta || is_due(*meta)) return load(key);
    return cached;
  }

  void invalidate(std::string_view key) override { redis_.del({key, meta_key(key)}); }

  bool is_cached(std::string_view key) override {
    return cache_.get(key).has_value() && times_of(key).has_value();
  }

 private:
  struct times {
    wall_time fetched_at;
    wall_time ends;
  };

  std::optional<times> times_of(std::string_view key) {
    const auto stored = cache_.get(meta_key(key));
    const auto stamped = stored ? read_stamped(*stored) : std::nullopt;
    if (!stamped) return std::nullopt;
    return times{wall_time{std::chrono::microseconds{stamped->first}},
                 wall_time{std::chrono::microseconds{stamped->second}}};
  }

  bool is_due(const times& meta) {
    return refreshes_early_by_age(
        {.now = now_by_wall_clock(), .ends = meta.ends, .unit = draws_.unit()}, meta.fetched_at);
  }

  std::optional<std::string> load(std::string_view key) {
    std::optional<std::string> row = settings_.ask(key);
    if (!row) return row;
    const auto fetched_at = now_by_wall_clock().time_since_epoch();
    cache_.store(key, *row);
    cache_.store(meta_key(key), write_stamped({.first = fetched_at.count(),
                                               .second = (fetched_at + settings_.ttl).count(),
                                               .text = {}}));
    return row;
  }

  const strategy_settings settings_;
  redis_commands redis_;
  plain_cache cache_;
  shared_draws draws_;
};

}  // namespace

std::unique_ptr<strategy> begin_xfetch_by_age(strategy_settings settings) {
  return std::make_unique<xfetch_by_age>(std::move(settings));
}

}  // namespace drover::simulate
