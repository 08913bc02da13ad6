// SPDX-License-Identifier: MIT
// The texts around the options in `drover audit --help`.
#pragma once

namespace drover::cli {

extern const char* const audit_usage;
extern const char* const audit_description;
extern const char* const audit_footer;

}  // namespace drover::cli
