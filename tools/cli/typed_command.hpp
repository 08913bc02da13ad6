// SPDX-License-Identifier: MIT
// A command line as text for reports: quoted for a shell, without passwords. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drover::cli {

/// One word, in quotes if a shell needs them.
[[nodiscard]] std::string quoted_word(std::string_view word);

/// The words joined by blanks. Passwords in URLs are left out. The values of options for a
/// password, secret or token (-a, --pass, --api-token=...) are replaced by "...".
[[nodiscard]] std::string typed_command(const std::vector<std::string>& words);

}  // namespace drover::cli
