// SPDX-License-Identifier: MIT
// Text on its way into a page of HTML or SVG. Pure.
#pragma once

#include <string>
#include <string_view>

namespace drover::text {

/// As text between tags and in a quoted attribute: nothing in it is taken for markup. Bytes that
/// are no characters, and characters that are not to be seen, become U+FFFD; but a line end stays.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// <tag attributes>text</tag>; only `text` is escaped.
[[nodiscard]] std::string html_element(std::string_view tag, std::string_view attributes,
                                       std::string_view text);

/// JSON that may stand inside a <script> element: nothing in it can end the element.
[[nodiscard]] std::string safe_json(std::string_view json);

/// How a Content-Security-Policy names an inline script: 'sha256-...'.
[[nodiscard]] std::string script_hash(std::string_view script);

}  // namespace drover::text
