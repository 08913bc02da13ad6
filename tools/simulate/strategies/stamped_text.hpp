// SPDX-License-Identifier: MIT
// Two numbers in front of a text, "12 34\ntext": how the XFetch strategies keep a value's times.
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
/// nullopt for what `write_stamped` does not make.
[[nodiscard]] std::optional<stamped_text> read_stamped(std::string_view bytes);

}  // namespace drover::simulate
