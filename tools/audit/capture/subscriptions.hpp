// SPDX-License-Identifier: MIT
// Counts the channels, patterns and shard channels that a connection is subscribed to. A
// confirmation of the server contains the number of subscriptions that are left; channels and
// patterns share one number. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "audit/capture/command_table.hpp"

namespace drover::audit {

/// The command that a push or message of this kind confirms; `none`: it is not a confirmation.
[[nodiscard]] constexpr effect confirmed_by(std::string_view kind) noexcept {
  if (kind == "subscribe") return effect::subscribe;
  if (kind == "psubscribe") return effect::psubscribe;
  if (kind == "ssubscribe") return effect::ssubscribe;
  if (kind == "unsubscribe") return effect::unsubscribe;
  if (kind == "punsubscribe") return effect::punsubscribe;
  if (kind == "sunsubscribe") return effect::sunsubscribe;
  return effect::none;
}

[[nodiscard]] constexpr bool is_subscribing(effect does) noexcept {
  return does == effect::subscribe || does == effect::psubscribe || does == effect::ssubscribe;
}
[[nodiscard]] constexpr bool is_unsubscribing(effect does) noexcept {
  return does == effect::unsubscribe || does == effect::punsubscribe ||
         does == effect::sunsubscribe;
}

class subscriptions {
 public:
  /// `left`: the number in the confirmation.
  constexpr void confirm(effect does, std::int64_t left) noexcept {
    const std::size_t total = left > 0 ? static_cast<std::size_t>(left) : 0;
    const auto minus = [total](std::size_t others) { return total > others ? total - others : 0; };
    if (does == effect::subscribe || does == effect::unsubscribe) channels_ = minus(patterns_);
    if (does == effect::psubscribe || does == effect::punsubscribe) patterns_ = minus(channels_);
    if (does == effect::ssubscribe || does == effect::sunsubscribe) shards_ = total;
  }
  /// The number of subscriptions of the kind that the command changes.
  [[nodiscard]] constexpr std::size_t count(effect does) const noexcept {
    if (does == effect::subscribe || does == effect::unsubscribe) return channels_;
    return does == effect::psubscribe || does == effect::punsubscribe ? patterns_ : shards_;
  }
  [[nodiscard]] constexpr bool is_subscribed() const noexcept {
    return channels_ + patterns_ + shards_ > 0;
  }

 private:
  std::size_t channels_ = 0;
  std::size_t patterns_ = 0;
  std::size_t shards_ = 0;
};

}  // namespace drover::audit
