// SPDX-License-Identifier: MIT
// What all pages are made of, compiled in as it is; cmake/drover_page.cmake says from where.
#pragma once

#include <string_view>

namespace drover::text {

extern const std::string_view shared_style;   ///< page.css
extern const std::string_view shared_script;  ///< page.js, which defines `page`
extern const std::string_view chart_script;   ///< Chart.js, which defines `Chart`
extern const std::string_view chart_licence;  ///< that it comes under

}  // namespace drover::text
