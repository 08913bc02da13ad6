// SPDX-License-Identifier: MIT
// Advice as text and as JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "audit/advice/advice.hpp"

namespace drover::audit {

struct advised_recording {
  std::string file;
  moment length{};
  std::uint32_t keys_per_million = all_keys;
  std::uint64_t reads_left_out = 0;
  std::vector<pattern_advice> patterns;
};

[[nodiscard]] std::string advice_text(const advised_recording& advised);
[[nodiscard]] std::string advice_json(const advised_recording& advised);

}  // namespace drover::audit
