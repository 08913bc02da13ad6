// SPDX-License-Identifier: MIT
// A text with two numbers before it: "12 34\ntext". The XFetch strategies store the times of a
// value in this form.
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

[[nodiscard]] std::string write_stamped(const stamped_text& stamped);
/// Returns nullopt for bytes that are not in this form.
[[nodiscard]] std::optional<stamped_text> read_stamped(std::string_view bytes);

}  // namespace drover::simulate
