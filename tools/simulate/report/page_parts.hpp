// SPDX-License-Identifier: MIT
// The style and the script of the simulation's page, compiled in unchanged.
#pragma once

#include <string_view>

namespace drover::simulate {

extern const std::string_view page_style;   ///< page.css
extern const std::string_view page_script;  ///< page.js

}  // namespace drover::simulate
