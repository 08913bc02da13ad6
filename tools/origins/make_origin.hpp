// SPDX-License-Identifier: MIT
// The origin that --origin names.
#pragma once

#include <filesystem>
#include <memory>

#include "origins/origin.hpp"
#include "origins/origin_address.hpp"

namespace drover::simulate {

/// `folder`: where a file or a server of our own may live. `connections`: how many the whole herd
/// will open. Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<origin_owner> make_origin(const origin_choice& which,
                                                        const std::filesystem::path& folder,
                                                        unsigned connections);

}  // namespace drover::simulate
