// SPDX-License-Identifier: MIT
// XFetch as in its paper: each request decides at random whether it refreshes the value before the
// ttl ends. The probability depends on the duration of the load, which is stored with the value in
// one entry. There is no lock: several requests may refresh at once, and all callers load a cold
// key.
#include <utility>

#include "simulate/strategies/built_in.hpp"
#include "simulate/strategies/early_refresh.hpp"
#include "simulate/strategies/plain_cache.hpp"
#include "simulate/strategies/shared_draws.hpp"
#include "simulate/strategies/stamped_text.hpp"

namespace drover::simulate {
namespace {

using std::chrono::microseconds;

wall_time wall_clock() {
  return std::chrono::floor<microseconds>(std::chrono::system_clock::now());
}

class xfetch final : public strategy {
 public:
  explicit xfetch(strategy_settings settings)
      : settings_{std::move(settings)},
        redis_{settings_.redis_url},
        cache_{redis_, settings_.ttl},
        draws_{settings_.seed} {}

  std::optional<std::string> get(std::string_view key) override {
    const auto stored = cache_.get(key);
    auto entry = stored ? read_stamped(*stored) : std::nullopt;
    if (!entry || is_due(*entry)) return load(key);
    return std::move(entry->text);
  }

  void invalidate(std::string_view key) override { redis_.del({key}); }

  bool is_cached(std::string_view key) override { return cache_.get(key).has_value(); }

 private:
  /// The entry holds the load time and the end of the ttl, in microseconds, and then the value.
  bool is_due(const stamped_text& entry) {
    return refreshes_early(
        {.now = wall_clock(), .ends = wall_time{microseconds{entry.second}}, .unit = draws_.unit()},
        microseconds{entry.first});
  }

  std::optional<std::string> load(std::string_view key) {
    const auto begun = std::chrono::steady_clock::now();
    std::optional<std::string> row = settings_.ask(key);
    const auto load_time =
        std::chrono::ceil<microseconds>(std::chrono::steady_clock::now() - begun);
    if (!row) return row;
    const auto ends = wall_clock().time_since_epoch() + settings_.ttl;
    cache_.store(key, write_stamped({load_time.count(), ends.count(), *row}));
    return row;
  }

  const strategy_settings settings_;
  redis_commands redis_;
  plain_cache cache_;
  shared_draws draws_;
};

}  // namespace

std::unique_ptr<strategy> begin_xfetch(strategy_settings settings) {
  return std::make_unique<xfetch>(std::move(settings));
}

}  // namespace drover::simulate
