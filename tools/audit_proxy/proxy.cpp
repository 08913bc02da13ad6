// SPDX-License-Identifier: MIT
#include "audit_proxy/proxy.hpp"

#include "audit_proxy/proxy_loop.hpp"
#include "base/assert.hpp"

namespace drover::audit {

proxy::proxy(proxy_settings with, tap_maker* watch)
    : loop_{std::make_unique<loop>(std::move(with), watch)} {}

proxy::~proxy() { stop(); }

result<address> proxy::start() {
  DROVER_ASSERT(!thread_.joinable());
  auto listening = loop_->open();
  if (listening) thread_ = std::thread{[this] { loop_->run(); }};
  return listening;
}

void proxy::stop() {
  if (!thread_.joinable()) return;
  loop_->ask_to_stop();
  thread_.join();
}

proxy_counts proxy::counts() const noexcept { return loop_->counts(); }

}  // namespace drover::audit
