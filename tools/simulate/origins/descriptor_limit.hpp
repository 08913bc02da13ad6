// SPDX-License-Identifier: MIT
// The limit on open files and sockets of this process. It is often 1,024 at first, and a process
// may raise it up to the hard limit. Threads: any.
#pragma once

#include <cstdint>
#include <string>

namespace drover::simulate {

/// Raises the limit so that `more` files can be opened in addition to those that are open now.
/// Throws std::runtime_error, whose text names the `purpose` ("500 connections").
void allow_descriptors(std::uint64_t more, const std::string& purpose);

}  // namespace drover::simulate
