// SPDX-License-Identifier: MIT
// The origin that --origin names.
#pragma once

#include <filesystem>
#include <memory>

#include "origins/origin.hpp"
#include "origins/origin_address.hpp"

namespace drover::simulate {

/// `folder`: where a file of our own may live. Throws std::runtime_error, also for an origin that
/// is not supported.
[[nodiscard]] std::unique_ptr<origin_owner> make_origin(const origin_choice& which,
                                                        const std::filesystem::path& folder);

}  // namespace drover::simulate
