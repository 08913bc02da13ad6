// SPDX-License-Identifier: MIT
#include "audit/run/sampled_number.hpp"

#include <utility>

namespace drover::audit {

sampled_number::sampled_number(std::string source, std::chrono::milliseconds every, sampling sample,
                               origin_listener listener)
    : source_{std::move(source)},
      every_{every},
      sample_{std::move(sample)},
      listener_{std::move(listener)} {}

sampled_number::~sampled_number() { stop(); }

result<void> sampled_number::start() {
  const result<std::int64_t> first = sample_();
  if (!first) return first.error();
  (void)growth_.add_sample(*first);
  thread_ = std::thread{[this] { run(); }};
  return {};
}

void sampled_number::stop() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock{mutex_};
    is_stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  take_sample();
}

void sampled_number::run() {
  std::unique_lock lock{mutex_};
  while (!wake_.wait_for(lock, every_, [this] { return is_stopping_; })) {
    lock.unlock();
    take_sample();
    lock.lock();
  }
}

void sampled_number::take_sample() {
  const result<std::int64_t> number = sample_();
  if (!number) {
    if (!std::exchange(is_failing_, true) && listener_.say) listener_.say(number.error().text);
    return;
  }
  is_failing_ = false;
  const std::uint64_t count = growth_.add_sample(*number);
  if (count > 0) listener_.tell(origin_loads{listener_.now(), count, {}, source_});
}

}  // namespace drover::audit
