// SPDX-License-Identifier: MIT
// Drover through its public interface. Only ttl and grace are configured. Drover caches the answer
// for an absent row for one second.
#include <drover/cache.hpp>

#include <stdexcept>
#include <utility>

#include "entry/envelope.hpp"
#include "entry/freshness.hpp"
#include "entry/keys.hpp"
#include "simulate/strategies/built_in.hpp"
#include "simulate/strategies/redis_commands.hpp"

namespace drover::simulate {
namespace {

/// The grace of `drover`, as a multiple of the ttl. It is longer than every fault of a scenario, so
/// that the simulation shows the effect of serving stale values.
constexpr int grace_in_ttls = 10;

/// A client estimates the server's clock, and may treat a value as fresh for up to this much
/// longer.
constexpr milliseconds clock_error{10};

class drover_cache final : public strategy {
 public:
  drover_cache(strategy_settings settings, std::string name, duration grace)
      : keys_{name, 1},
        redis_{settings.redis_url},
        client_{client_options{
            .url = settings.redis_url, .connect_max = patience, .silence_max = patience}},
        // Drover counts the ttl from the start of the load, other strategies from its end.
        cache_{client_,
               {.name = std::move(name),
                .policy = {.ttl = settings.ttl + settings.load, .grace = grace}},
               std::move(settings.ask)} {}

  std::optional<std::string> get(std::string_view key) override { return cache_.get(key); }

  void invalidate(std::string_view key) override {
    if (const auto acknowledged = cache_.invalidate(key); !acknowledged) {
      throw std::runtime_error{"the invalidation is not acknowledged: " +
                               acknowledged.error().text};
    }
  }

  // This reads the entry, because `peek` also returns values within grace, and nothing for absent
  // rows.
  bool is_cached(std::string_view key) override {
    try {
      const std::optional<std::string> bytes = redis_.get(keys_.value_key(key));
      if (!bytes) return false;
      const entry::decoded decoded = entry::decode(*bytes);
      const bool has_answer =
          decoded.format == entry::decoding::ours &&
          (decoded.head.kind == entry::kind::value || decoded.head.kind == entry::kind::absent);
      return has_answer && entry::freshness_of(decoded.head, redis_.time() - clock_error) ==
                               entry::freshness::fresh;
    } catch (const redis_error&) {
      return false;
    }
  }

 private:
  const entry::key_space keys_;
  redis_commands redis_;
  client client_;
  cache<std::string> cache_;
};

}  // namespace

std::unique_ptr<strategy> begin_drover(strategy_settings settings) {
  const duration grace = grace_in_ttls * settings.ttl;
  return std::make_unique<drover_cache>(std::move(settings), "drover-simulate", grace);
}

std::unique_ptr<strategy> begin_drover_strict(strategy_settings settings) {
  return std::make_unique<drover_cache>(std::move(settings), "drover-simulate-strict", duration{0});
}

}  // namespace drover::simulate
