// SPDX-License-Identifier: MIT
#include "audit/proxy/key_sample.hpp"

namespace drover::audit {

bool key_sample::halve_if_due(double fill, moment now) noexcept {
  if (fill < fill_calm) is_armed_ = true;
  if (fill < fill_max || keys_per_million_ / 2 < keys_per_million_min) return false;
  if (!is_armed_ && now - halved_at_ < effect_after) return false;
  keys_per_million_ /= 2;
  is_armed_ = false;
  halved_at_ = now;
  return true;
}

bool key_sample::includes(const event& command) const {
  if (keys_per_million_ == all_keys) return true;
  bool has_keys = false;
  for (const field& argument : command.arguments) {
    if (argument.kind != field_kind::key) continue;
    if (in_share(place_of(argument.text, keys_hidden_), keys_per_million_)) return true;
    has_keys = true;
  }
  return !has_keys;
}

}  // namespace drover::audit
