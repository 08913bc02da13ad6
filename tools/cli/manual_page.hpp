// SPDX-License-Identifier: MIT
// The manual page drover(1), made from the texts of `--help`. Pure.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>

namespace drover::cli {

/// The page in the format of man(7). `app` has all commands and options.
[[nodiscard]] std::string manual_page(const CLI::App& app, std::string_view version);

}  // namespace drover::cli
