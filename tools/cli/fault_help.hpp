// SPDX-License-Identifier: MIT
// The texts around the options in `drover fault-proxy --help`.
#pragma once

namespace drover::cli {

extern const char* const fault_usage;
extern const char* const fault_description;
extern const char* const fault_footer;

}  // namespace drover::cli
