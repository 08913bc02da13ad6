// SPDX-License-Identifier: MIT
// Texts of `drover audit --help`.
#pragma once

namespace drover::cli {

extern const char* const audit_usage;
extern const char* const audit_description;
extern const char* const audit_footer;
/// The formats of reports.
extern const char* const audit_formats;

}  // namespace drover::cli
