// SPDX-License-Identifier: MIT
#include "fault/proxy/fault_proxy.hpp"

#include <utility>

#include "base/assert.hpp"
#include "fault/proxy/fault_loop.hpp"

namespace drover::faults {

fault_proxy::fault_proxy(fault_proxy_settings with)
    : loop_{std::make_unique<loop>(std::move(with))} {}

fault_proxy::~fault_proxy() { stop(); }

result<audit::address> fault_proxy::listen() { return loop_->open(); }

void fault_proxy::start() {
  DROVER_ASSERT(!thread_.joinable());
  thread_ = std::thread{[this] { loop_->run(); }};
}

void fault_proxy::stop() {
  if (!thread_.joinable()) return;
  loop_->ask_to_stop();
  thread_.join();
}

fault_counts fault_proxy::counts() const { return loop_->counts(); }

}  // namespace drover::faults
