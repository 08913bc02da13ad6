// SPDX-License-Identifier: MIT
// What the place we write to can show: found out once, then handed to everything that renders.
// Threads: a value.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace drover::text {

struct terminal {
  bool is_live = false;  ///< a line may be overwritten
  bool has_colour = false;
  bool is_unicode = true;
  std::size_t width = 80;  ///< columns
};

using variable_lookup = std::function<std::optional<std::string>(const char* name)>;

/// Pure. Honours NO_COLOR, TERM=dumb, COLUMNS, and the locale for characters beyond ASCII (none set
/// counts as UTF-8: bare containers set none, and what shows them is UTF-8).
[[nodiscard]] terminal describe_terminal(bool is_tty, std::optional<std::size_t> window_width,
                                         const variable_lookup& variable);

/// The same for an open descriptor and this process's environment.
[[nodiscard]] terminal terminal_of(int descriptor);

enum class style { plain, strong, faint, good, bad };

/// `text` in that style, or as it is where there is no colour.
[[nodiscard]] std::string painted(std::string_view text, style as, const terminal& on);

}  // namespace drover::text
