// SPDX-License-Identifier: MIT
#include "connection/resolver.hpp"

#include <thread>
#include <utility>

namespace drover::connection {

resolver::resolver(std::string host, std::uint16_t port, std::shared_ptr<const bell> when_done,
                   look_up resolve)
    : host_{std::move(host)},
      port_{port},
      when_done_{std::move(when_done)},
      resolve_{std::move(resolve)} {}

std::optional<resolved> resolver::ask() {
  if (running_ == nullptr) {
    if (auto numeric = host_.empty() ? std::nullopt : numeric_address(host_, port_)) {
      return std::vector<address>{*std::move(numeric)};
    }
    auto fresh = std::make_shared<job>();
    std::thread{[fresh, host = host_, port = port_, ring = when_done_, resolve = resolve_] {
      try {
        fresh->found = resolve(host, port);
      } catch (...) {
        fresh->found = {};
      }
      fresh->done.store(true, std::memory_order_release);
      ring->ring();
    }}.detach();
    running_ = std::move(fresh);
  }
  if (!running_->done.load(std::memory_order_acquire)) return std::nullopt;
  return std::move(std::exchange(running_, nullptr)->found);
}

}  // namespace drover::connection
