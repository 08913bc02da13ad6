// SPDX-License-Identifier: MIT
// The capabilities of an output, such as its width and colours. They are determined once and passed
// to all code that renders. Threads: a value.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace drover::text {

struct terminal {
  bool is_live = false;  ///< a line can be overwritten
  bool has_colour = false;
  bool is_unicode = true;
  std::size_t width = 80;  ///< columns
};

using variable_lookup = std::function<std::optional<std::string>(const char* name)>;

/// NO_COLOR and TERM=dumb disable colours, COLUMNS sets the width, and the locale selects UTF-8 or
/// ASCII. Without a locale the output is UTF-8, because containers usually set none. Pure.
[[nodiscard]] terminal describe_terminal(bool is_tty, std::optional<std::size_t> window_width,
                                         const variable_lookup& variable);

/// The capabilities of an open descriptor, in the environment of this process.
[[nodiscard]] terminal terminal_of(int descriptor);

enum class style { plain, strong, faint, good, bad };

/// Returns `text` in the style `text_style`, or unchanged if the terminal has no colours.
[[nodiscard]] std::string painted(std::string_view text, style text_style, const terminal& output);

}  // namespace drover::text
