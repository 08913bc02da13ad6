// SPDX-License-Identifier: MIT
// Keeps the texts that the library tells its user (events, exceptions, reasons), so that
// `./run test` can look for secrets in them: all passwords of the tests contain one mark
// (scripts/canary).
#pragma once

#include <string_view>

namespace drover::test {

/// Appends the text to a file of this process in the folder $DROVER_TOLD_TEXTS; does nothing
/// without that variable. Threads: any.
void keep_text(std::string_view text) noexcept;

}  // namespace drover::test
