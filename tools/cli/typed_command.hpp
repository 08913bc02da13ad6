// SPDX-License-Identifier: MIT
// A command line as text again, for reports: as a shell would take it, without anybody's password.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drover::cli {

/// One word, in quotes where a shell would need them.
[[nodiscard]] std::string quoted_word(std::string_view word);

/// The words behind one another. A URL's password and what follows an option for a password, secret
/// or token (-a, --pass, --api-token=...) is left out.
[[nodiscard]] std::string typed_command(const std::vector<std::string>& words);

}  // namespace drover::cli
