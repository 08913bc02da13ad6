// SPDX-License-Identifier: MIT
// One process of the herd: many callers that all want one key at one instant.
#pragma once

#include <chrono>
#include <string>

namespace drover::simulate {

/// What the coordinator tells a member on its command line.
struct member_options {
  int board = -1;       ///< an inherited descriptor
  unsigned number = 0;  ///< which process this is, from 0; the first also fills the cache
  std::string strategy;
  std::string redis_url;
  std::string origin;  ///< path of the database
  std::string key;
  std::chrono::milliseconds load{};
  std::chrono::milliseconds fill_ttl{};  ///< of the first fill, which shall end soon
};

/// Runs it. Answers the process's exit code; errors go to the board.
[[nodiscard]] int run_herd_member(const member_options& told);

}  // namespace drover::simulate
