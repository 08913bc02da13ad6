// SPDX-License-Identifier: MIT
// The style and the scripts of the page, compiled in unchanged.
#pragma once

#include <string_view>

namespace drover::audit {

extern const std::string_view page_style;    ///< page.css
extern const std::string_view lanes_script;  ///< lanes.js, which defines `lanes`
extern const std::string_view page_script;   ///< page.js

}  // namespace drover::audit
