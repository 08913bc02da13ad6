// SPDX-License-Identifier: MIT
// The parts of a page that are compiled in as they are; cmake/drover_page.cmake says from where.
#pragma once

#include <string_view>

namespace drover::simulate {

extern const std::string_view page_style;     ///< page.css
extern const std::string_view page_script;    ///< page.js
extern const std::string_view chart_script;   ///< Chart.js, which defines `Chart`
extern const std::string_view chart_licence;  ///< that it comes under

}  // namespace drover::simulate
