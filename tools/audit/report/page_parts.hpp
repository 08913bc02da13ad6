// SPDX-License-Identifier: MIT
// The page's own parts, compiled in as they are.
#pragma once

#include <string_view>

namespace drover::audit {

extern const std::string_view page_style;    ///< page.css
extern const std::string_view lanes_script;  ///< lanes.js, which defines `lanes`
extern const std::string_view page_script;   ///< page.js

}  // namespace drover::audit
