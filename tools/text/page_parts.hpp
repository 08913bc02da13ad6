// SPDX-License-Identifier: MIT
// The style and scripts of all pages, embedded by cmake/drover_page.cmake.
#pragma once

#include <string_view>

namespace drover::text {

extern const std::string_view shared_style;   ///< page.css
extern const std::string_view shared_script;  ///< page.js, which defines `page`
extern const std::string_view chart_script;   ///< Chart.js, which defines `Chart`
extern const std::string_view chart_licence;  ///< the licence of Chart.js

}  // namespace drover::text
