// SPDX-License-Identifier: MIT
#include "store/refusals.hpp"

#include <new>

namespace drover::store {

void refusals::refused(request_kind request, const fault& why) noexcept {
  const std::scoped_lock lock{mutex_};
  std::string& text = texts_[static_cast<std::size_t>(request)];
  try {
    text = why.text;
  } catch (const std::bad_alloc&) {
    text.clear();
  }
  last_ = request;
  now_.fetch_or(bit_of(request), std::memory_order_relaxed);
}

void refusals::forget(unsigned bits) noexcept {
  const std::scoped_lock lock{mutex_};
  now_.fetch_and(~bits, std::memory_order_relaxed);
}

std::optional<std::string> refusals::reason() const {
  const std::scoped_lock lock{mutex_};
  const unsigned now = now_.load(std::memory_order_relaxed);
  if (now == 0) return std::nullopt;
  if ((now & bit_of(last_)) != 0) return texts_[static_cast<std::size_t>(last_)];
  for (std::size_t i = 0; i < kinds; ++i) {
    if ((now >> i & 1U) != 0) return texts_[i];
  }
  return std::nullopt;
}

}  // namespace drover::store
