// SPDX-License-Identifier: MIT
// The limit on open files and sockets of this process: often 1,024 at first; it can be raised to
// the hard limit. Threads: any.
#pragma once

#include <cstdint>
#include <string>

namespace drover::simulate {

/// Raises the limit so that `more` can be opened than are open now. Throws std::runtime_error,
/// which names the `purpose` ("500 connections").
void allow_descriptors(std::uint64_t more, const std::string& purpose);

}  // namespace drover::simulate
