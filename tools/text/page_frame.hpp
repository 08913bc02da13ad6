// SPDX-License-Identifier: MIT
// The head and the tail of every page. The head has a security policy that allows only the page's
// own scripts and no access to the network. The tail has the data and the scripts. Pure.
#pragma once

#include <string>
#include <string_view>

namespace drover::text {

struct page_frame {
  std::string title;
  /// The command that writes the page: "drover simulate".
  std::string made_by;
  /// Added after the style of all pages.
  std::string_view style;
  /// Added after the script of all pages. It can use `page` and `Chart`.
  std::string_view script;
  /// JSON for the element "series".
  std::string data;
};

/// The page up to </head>. The caller continues with <body>.
[[nodiscard]] std::string page_head(const page_frame& frame);

/// The page from the footer to its end.
[[nodiscard]] std::string page_tail(const page_frame& frame);

}  // namespace drover::text
