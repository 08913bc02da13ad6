// SPDX-License-Identifier: MIT
#include "connection/credentials_source.hpp"

#include <utility>

#include "connection/callback_scope.hpp"
#include "connection/channel.hpp"
#include "connection/faults.hpp"

namespace drover::connection {

credentials_source::credentials_source(function ask, std::shared_ptr<const bell> when_done)
    : ask_{std::move(ask)}, when_done_{std::move(when_done)} {}

credentials_source::~credentials_source() {
  if (running_.joinable()) running_.join();
}

std::optional<result<given_credentials>> credentials_source::ask() {
  if (!running_.joinable()) {
    is_done_.store(false, std::memory_order_relaxed);
    running_ = std::thread{[this] { run(); }};
  }
  if (!is_done_.load(std::memory_order_acquire)) return std::nullopt;
  running_.join();
  return std::exchange(answer_, std::nullopt);
}

// The text of an exception may contain a secret, so it is dropped.
void credentials_source::run() noexcept {
  const callback_scope inside;
  try {
    const steady_time asked = now();
    credentials login = ask_();
    if (!login.user.empty() && login.password.empty()) {
      answer_ =
          fault_of(fault_code::unsupported, "credentials_source gave a user, but no password");
    } else {
      answer_ = given_credentials{std::move(login), asked};
    }
  } catch (...) {
    answer_ = fault_of(fault_code::unsupported, "credentials_source threw an exception");
  }
  is_done_.store(true, std::memory_order_release);
  when_done_->ring();
}

}  // namespace drover::connection
