// SPDX-License-Identifier: MIT
// How many files and sockets this process may have open: often 1,024 at first, and as many as its
// hard limit says if it asks. Threads: any.
#pragma once

#include <cstdint>
#include <string>

namespace drover::simulate {

/// Makes sure that there may be `more` of them than are in use now. Throws std::runtime_error,
/// which says that it is for `purpose` ("500 connections").
void allow_descriptors(std::uint64_t more, const std::string& purpose);

}  // namespace drover::simulate
