// SPDX-License-Identifier: MIT
#include "audit/proxy/proxy.hpp"

#include "audit/proxy/proxy_loop.hpp"
#include "base/assert.hpp"

namespace drover::audit {

proxy::proxy(proxy_settings settings, tap_maker* watch)
    : loop_{std::make_unique<loop>(std::move(settings), watch)} {}

proxy::~proxy() { stop(); }

result<address> proxy::listen() {
  DROVER_ASSERT(!at_);
  auto listening = loop_->open();
  if (listening) at_ = *listening;
  return listening;
}

result<address> proxy::start() {
  DROVER_ASSERT(!thread_.joinable());
  if (!at_) {
    if (auto listening = listen(); !listening) return listening;
  }
  thread_ = std::thread{[this] { loop_->run(); }};
  return *at_;
}

void proxy::stop() {
  if (!thread_.joinable()) return;
  loop_->ask_to_stop();
  thread_.join();
}

proxy_counts proxy::counts() const noexcept { return loop_->counts(); }

}  // namespace drover::audit
