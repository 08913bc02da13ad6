// SPDX-License-Identifier: MIT
// The style and the scripts of the HTML page, as they are in the files of this folder.
#pragma once

#include <string_view>

namespace drover::audit {

extern const std::string_view page_style;       ///< page.css
extern const std::string_view marks_script;     ///< marks.js, which defines `marks`
extern const std::string_view rows_script;      ///< rows.js, which defines `rows`
extern const std::string_view pointing_script;  ///< pointing.js, which defines `pointing`
extern const std::string_view typing_script;    ///< typing.js, which defines `typing`
extern const std::string_view lanes_script;     ///< lanes.js, which defines `lanes`
extern const std::string_view page_script;      ///< page.js

}  // namespace drover::audit
