// SPDX-License-Identifier: MIT
// The values of the campaign. Each names its key, version and load, and carries a filler that
// follows from them and a checksum. So a reader sees by itself when a value is mixed with another
// one, shortened or damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::campaign {

struct value_facts {
  std::uint32_t key = 0;
  std::uint32_t version = 0;
  std::uint64_t load_id = 0;
};

[[nodiscard]] std::string value_text(const value_facts& facts);
/// nullopt: the text is damaged or mixed.
[[nodiscard]] std::optional<value_facts> read_value_text(std::string_view text);

}  // namespace drover::campaign
