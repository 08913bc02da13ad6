// SPDX-License-Identifier: MIT
// The number of forks between the process that loaded the library and this process. An object that
// was made under another count belongs to the parent: its threads do not exist, its locks may be
// held for ever, and its sockets are shared. Threads: any.
#pragma once

#include <cstdint>

namespace drover::connection {

[[nodiscard]] std::uint32_t fork_count() noexcept;

}  // namespace drover::connection
