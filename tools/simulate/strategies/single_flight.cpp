// SPDX-License-Identifier: MIT
// Cache-aside with at most one load for each key at a time in each process. Calls during a load
// wait for it and get its value or its error. The processes do not coordinate.
#include <future>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "simulate/strategies/built_in.hpp"

namespace drover::simulate {
namespace {

class single_flight final : public strategy {
 public:
  explicit single_flight(strategy_settings settings)
      : inner_{begin_cache_aside(std::move(settings))} {}

  std::optional<std::string> get(std::string_view key) override {
    const std::string name{key};
    std::promise<std::optional<std::string>> promise;
    std::unique_lock lock{mutex_};
    if (const auto running = flights_.find(name); running != flights_.end()) {
      const auto flight = running->second;
      lock.unlock();
      return flight.get();
    }
    const auto flight = flights_.emplace(name, promise.get_future().share()).first->second;
    lock.unlock();
    try {
      promise.set_value(inner_->get(key));
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
    lock.lock();
    flights_.erase(name);
    lock.unlock();
    return flight.get();
  }

  void invalidate(std::string_view key) override { inner_->invalidate(key); }

  bool is_cached(std::string_view key) override { return inner_->is_cached(key); }

 private:
  const std::unique_ptr<strategy> inner_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_future<std::optional<std::string>>> flights_;
};

}  // namespace

std::unique_ptr<strategy> begin_single_flight(strategy_settings settings) {
  return std::make_unique<single_flight>(std::move(settings));
}

}  // namespace drover::simulate
