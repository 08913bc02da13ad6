// SPDX-License-Identifier: MIT
// The page's own parts, compiled in as they are.
#pragma once

#include <string_view>

namespace drover::simulate {

extern const std::string_view page_style;   ///< page.css
extern const std::string_view page_script;  ///< page.js

}  // namespace drover::simulate
