// SPDX-License-Identifier: MIT
#include "store/waker.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "cluster/redirect.hpp"
#include "lease/commands.hpp"

namespace drover::store {

namespace {

constexpr milliseconds canary_patience{500};

// The slot of the canary has another owner now.
bool is_redirected(const std::vector<resp::message>& got) {
  return std::any_of(got.begin(), got.end(), [](const resp::message& reply) {
    return !reply.empty() && reply.root().is_error() &&
           cluster::read_redirect(reply.root().text()).has_value();
  });
}

bool any_failed(const std::vector<resp::message>& got) {
  return std::any_of(got.begin(), got.end(), [](const resp::message& reply) {
    return reply.empty() || reply.root().is_error();
  });
}

}  // namespace

wake_mode waker::mode() const {
  const std::scoped_lock lock{mutex_};
  return mode_ == wake_mode::channel && without_channel_ ? wake_mode::polling : mode_;
}

bool waker::wants_canary() const {
  const std::scoped_lock lock{mutex_};
  return !canary_sent_;
}

void waker::connection_is_new() {
  const std::scoped_lock lock{mutex_};
  ++generation_;
  mode_ = wake_mode::undecided;
  canary_sent_ = false;
  canary_.clear();
  listened_.clear();
}

void waker::prove(std::string canary_key) {
  std::string request;
  std::uint64_t generation = 0;
  {
    const std::scoped_lock lock{mutex_};
    if (canary_sent_) return;
    lease::write_canary(request, canary_key);
    canary_sent_ = true;
    canary_ = std::move(canary_key);
    generation = generation_;
  }
  try {
    channel_.post(std::move(request), 5,
                  [this, generation](const result<std::vector<resp::message>>& replies) {
                    if (!replies || !any_failed(*replies)) return;
                    is_redirected(*replies) ? prove_again(generation) : probe_channel(generation);
                  },
                  {.may_stall = true});
    channel_.schedule(connection::now() + canary_patience,
                      [this, generation] { probe_channel(generation); });
  } catch (const std::bad_alloc&) {
    const std::scoped_lock lock{mutex_};
    if (generation == generation_) canary_sent_ = false;
    throw;
  }
}

void waker::prove_again(std::uint64_t generation) {
  const std::scoped_lock lock{mutex_};
  if (generation != generation_ || mode_ != wake_mode::undecided) return;
  ++generation_;
  canary_sent_ = false;
  canary_.clear();
}

bool waker::saw_key(std::string_view name) {
  std::uint64_t generation = 0;
  {
    const std::scoped_lock lock{mutex_};
    if (canary_.empty() || name != canary_) return false;
    generation = generation_;
  }
  decide(wake_mode::push, generation);
  return true;
}

void waker::probe_channel(std::uint64_t generation) {
  {
    const std::scoped_lock lock{mutex_};
    if (generation != generation_ || mode_ != wake_mode::undecided) return;
    mode_ = wake_mode::polling;
  }
  observer_(wake_mode::polling);
  try {
    std::string name;
    {
      const std::scoped_lock lock{mutex_};
      name = canary_;
    }
    if (!name.empty()) subscribe(name, generation);
  } catch (const std::bad_alloc&) {
    // Out of memory: the waiters poll.
  }
}

// The server confirms SUBSCRIBE with a push. Only a refusal is a reply.
void waker::subscribe(std::string_view name, std::uint64_t generation) {
  std::string request;
  lease::write_subscribe(request, name);
  channel_.post(std::move(request), 0,
                [this, generation](const result<std::vector<resp::message>>& answered) {
                  if (answered || answered.error().code != fault_code::unsupported) return;
                  decide(wake_mode::polling, generation);
                });
}

void waker::saw_subscription(std::string_view name) {
  std::uint64_t generation = 0;
  {
    const std::scoped_lock lock{mutex_};
    if (name != canary_ || mode_ == wake_mode::push) return;
    generation = generation_;
  }
  decide(wake_mode::channel, generation);
}

void waker::listen(std::string_view wake_channel) {
  std::uint64_t generation = 0;
  {
    const std::scoped_lock lock{mutex_};
    if (mode_ != wake_mode::channel) return;
    if (++listened_[std::string{wake_channel}] > 1) return;
    generation = generation_;
  }
  try {
    subscribe(wake_channel, generation);
  } catch (const std::bad_alloc&) {
    static_cast<void>(stops_listening(wake_channel));
    throw;
  }
}

bool waker::stops_listening(std::string_view wake_channel) {
  const std::scoped_lock lock{mutex_};
  const auto at = listened_.find(wake_channel);
  if (at == listened_.end() || --at->second > 0) return false;
  listened_.erase(at);
  return true;
}

void waker::leave(std::string_view wake_channel) {
  if (!stops_listening(wake_channel)) return;
  try {
    std::string request;
    lease::write_unsubscribe(request, wake_channel);
    channel_.post(std::move(request), 0, [](const result<std::vector<resp::message>>&) {});
  } catch (const std::bad_alloc&) {
    // Out of memory: the subscription remains, and its messages do no harm.
  }
}

void waker::decide(wake_mode mode, std::uint64_t generation) {
  {
    const std::scoped_lock lock{mutex_};
    if (generation != generation_ || mode_ == mode) return;
    mode_ = mode;
  }
  observer_(mode);
}

}  // namespace drover::store
