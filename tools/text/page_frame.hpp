// SPDX-License-Identifier: MIT
// The head and the end of every page. The head has a policy that allows only the page's own scripts
// and no access to the network. The end has the data and the scripts. Pure.
#pragma once

#include <string>
#include <string_view>

namespace drover::text {

struct page_frame {
  std::string title;
  /// The command that writes the page: "drover simulate".
  std::string made_by;
  /// Follows the style of all pages.
  std::string_view style;
  /// Follows the script of all pages. `page` and `Chart` are defined.
  std::string_view script;
  /// JSON, for the element "series".
  std::string data;
};

/// The page up to </head>. The page's own part begins with <body>.
[[nodiscard]] std::string page_head(const page_frame& frame);

/// The page from the footer to its end.
[[nodiscard]] std::string page_tail(const page_frame& frame);

}  // namespace drover::text
