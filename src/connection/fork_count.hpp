// SPDX-License-Identifier: MIT
// How often this process is a fork of the one that loaded the library. What was made under another
// count belongs to the parent: its threads are not here, its locks may be held for ever, its
// sockets are shared. Threads: any.
#pragma once

#include <cstdint>

namespace drover::connection {

[[nodiscard]] std::uint32_t fork_count() noexcept;

}  // namespace drover::connection
