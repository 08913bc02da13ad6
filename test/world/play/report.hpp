// SPDX-License-Identifier: MIT
// The sum of a campaign for people, and as a file that a later campaign goes on with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "world/play/campaign.hpp"

namespace drover::world {

/// Schedules for one second of one processor.
[[nodiscard]] double rate_of(const tally& sum) noexcept;
/// The overlaps that a campaign of this size should have reached and did not. Small campaigns are
/// not asked for rare ones.
[[nodiscard]] std::vector<std::string_view> missing_overlaps(const tally& sum);
void print_summary(const tally& sum);

/// Throws std::runtime_error with the name of the file.
void write_report(const std::string& path, std::uint64_t first_seed, const tally& sum);
[[nodiscard]] tally read_report(const std::string& path);

}  // namespace drover::world
