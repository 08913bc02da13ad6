// SPDX-License-Identifier: MIT
// Drover through its public interface, and nothing tuned but grace. It remembers for a second that
// there is no such row.
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

/// What `drover` adds to the ttl: long enough that no fault that a scenario plays outlasts it, so
/// that it shows what serving stale values is for; and a multiple, so that it fits any ttl.
constexpr int grace_in_ttls = 10;

/// A client estimates the server's clock, and may take for fresh a little longer what is not.
constexpr milliseconds clock_error{10};

class drover_cache final : public strategy {
 public:
  drover_cache(strategy_settings with, std::string name, duration grace)
      : keys_{name, 1},
        redis_{with.redis_url},
        client_{client_options{
            .url = with.redis_url, .connect_max = patience, .silence_max = patience}},
        // Its ttl counts from the load's start, the others' from its end.
        cache_{client_,
               {.name = std::move(name), .policy = {.ttl = with.ttl + with.load, .grace = grace}},
               std::move(with.ask)} {}

  std::optional<std::string> get(std::string_view key) override { return cache_.get(key); }

  void invalidate(std::string_view key) override {
    if (const auto told = cache_.invalidate(key); !told) {
      throw std::runtime_error{"the invalidation is not acknowledged: " + told.error().text};
    }
  }

  // `peek` also has values within grace, and none for absent rows: so this looks at the entry.
  bool is_cached(std::string_view key) override {
    try {
      const std::optional<std::string> bytes = redis_.get(keys_.value_key(key));
      if (!bytes) return false;
      const entry::decoded read = entry::decode(*bytes);
      const bool has_answer =
          read.format == entry::decoding::ours &&
          (read.head.kind == entry::kind::value || read.head.kind == entry::kind::absent);
      return has_answer &&
             entry::freshness_of(read.head, redis_.time() - clock_error) == entry::freshness::fresh;
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

std::unique_ptr<strategy> begin_drover(strategy_settings with) {
  const duration grace = grace_in_ttls * with.ttl;
  return std::make_unique<drover_cache>(std::move(with), "drover-simulate", grace);
}

std::unique_ptr<strategy> begin_drover_strict(strategy_settings with) {
  return std::make_unique<drover_cache>(std::move(with), "drover-simulate-strict", duration{0});
}

}  // namespace drover::simulate
