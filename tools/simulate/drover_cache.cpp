// SPDX-License-Identifier: MIT
// Drover through its public interface, with nothing tuned: no grace, so never a stale value.
#include <drover/cache.hpp>

#include <stdexcept>
#include <utility>

#include "simulate/redis_commands.hpp"
#include "simulate/strategy.hpp"

namespace drover::simulate {
namespace {

class drover_cache final : public strategy {
 public:
  explicit drover_cache(strategy_settings with)
      : client_{client_options{
            .url = with.redis_url, .connect_max = patience, .silence_max = patience}},
        // Freshness counts from the load's start here, from its end elsewhere.
        cache_{client_,
               {.name = "demo", .policy = {.ttl = with.ttl + with.load}},
               std::move(with.ask)} {}

  std::string get(std::string_view key) override {
    if (auto value = cache_.get(key)) return *std::move(value);
    throw std::runtime_error{"the cache says that there is no such row"};
  }

  bool is_cached(std::string_view key) override { return cache_.peek(key).has_value(); }

 private:
  client client_;
  cache<std::string> cache_;
};

}  // namespace

std::unique_ptr<strategy> begin_drover(strategy_settings with) {
  return std::make_unique<drover_cache>(std::move(with));
}

}  // namespace drover::simulate
