// SPDX-License-Identifier: MIT
// Escapes text for HTML and SVG. Pure.
#pragma once

#include <string>
#include <string_view>

namespace drover::text {

/// Escapes text for use between tags and in quoted attributes. Invalid bytes and invisible
/// characters become U+FFFD. Line ends are kept.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// <tag attributes>text</tag>. Only `text` is escaped.
[[nodiscard]] std::string html_element(std::string_view tag, std::string_view attributes,
                                       std::string_view text);

/// Escapes JSON for a <script> element, so that the JSON cannot end the element.
[[nodiscard]] std::string safe_json(std::string_view json);

/// The source expression for an inline script in a Content-Security-Policy: 'sha256-...'.
[[nodiscard]] std::string script_hash(std::string_view script);

}  // namespace drover::text
