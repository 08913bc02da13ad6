// SPDX-License-Identifier: MIT
// What stands around every page: its head, with a policy that lets no script run but its own and
// nothing be loaded from anywhere, and its end, with the data and the scripts. Pure.
#pragma once

#include <string>
#include <string_view>

namespace drover::text {

struct page_frame {
  std::string title;
  std::string made_by;      ///< "drover simulate"
  std::string_view style;   ///< behind the one of all pages
  std::string_view script;  ///< behind the one of all pages; `page` and `Chart` are defined
  std::string data;         ///< JSON; the script finds it in the element "series"
};

/// From the beginning up to </head>. The page's own part begins with <body>.
[[nodiscard]] std::string page_head(const page_frame& all);

/// From the footer on.
[[nodiscard]] std::string page_tail(const page_frame& all);

}  // namespace drover::text
