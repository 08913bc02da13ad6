// SPDX-License-Identifier: MIT
#include "audit/proxy/key_sample.hpp"

#include "audit/capture/record.hpp"

namespace drover::audit {

bool key_sample::halve_if_due(double fill, moment now) noexcept {
  if (fill < fill_calm) is_armed_ = true;
  if (fill < fill_max || one_in_ >= one_in_max) return false;
  if (!is_armed_ && now - halved_at_ < effect_after) return false;
  one_in_ *= 2;
  is_armed_ = false;
  halved_at_ = now;
  return true;
}

bool key_sample::includes(const event& command) const noexcept {
  if (one_in_ == 1) return true;
  bool has_keys = false;
  for (const field& argument : command.arguments) {
    if (argument.kind != field_kind::key) continue;
    if (in_sample(argument.content_digest.hash, one_in_)) return true;
    has_keys = true;
  }
  return !has_keys;
}

}  // namespace drover::audit
