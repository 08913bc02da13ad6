// SPDX-License-Identifier: MIT
// Two numbers before a text, "12 34\ntext": the XFetch strategies store the times of a value so.
//
// Pure. Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::simulate {

struct stamped_text {
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::string text;

  friend bool operator==(const stamped_text&, const stamped_text&) = default;
};

[[nodiscard]] std::string write_stamped(const stamped_text& from);
/// nullopt for bytes that `write_stamped` does not produce.
[[nodiscard]] std::optional<stamped_text> read_stamped(std::string_view bytes);

}  // namespace drover::simulate
