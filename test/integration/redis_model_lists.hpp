// SPDX-License-Identifier: MIT
// Random lists of commands for the comparison of the model of Redis with real servers: what the
// library sends, by its own writers, and the same with damaged arguments; on several connections;
// with changes of the server's state in between. A list depends on its seed and on `now` only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace drover::test {

inline constexpr std::size_t compared_connections = 3;
/// What a list may store under. Other keys do not occur.
[[nodiscard]] const std::vector<std::string>& compared_keys();

struct list_step {
  enum class action : std::uint8_t {
    request,      ///< `words` on `connection`
    wait,         ///< for `number` ms
    fill_memory,  ///< number 1: the server is out of memory; 0: no more
    follow,       ///< number 1: it is a replica of a primary that is away; 0: no more
    cut_off,      ///< number 1: as a replica it serves no stale data; 0: no more
    refuse,       ///< number 1: the command words[0] is refused to the user; 0: no more
    kill,         ///< the server ends `connection`, and its client connects again
    hang_up,      ///< the client ends `connection`, and connects again
  };
  action does = action::request;
  std::size_t connection = 0;
  /// "@id0" stands for the client id of connection 0.
  std::vector<std::string> words;
  int number = 0;
};

enum class list_kind : std::uint8_t { healthy, with_states };

[[nodiscard]] std::vector<list_step> draw_list(std::uint64_t seed, list_kind kind, server_time now);
/// One line, escaped and shortened.
[[nodiscard]] std::string describe(const list_step& shown);

}  // namespace drover::test
