// SPDX-License-Identifier: MIT
// The commands that the model knows, and when a server refuses one before it runs: the order of the
// checks is that of Redis. A command that is not in the table throws `unsupported_request`.
#pragma once

#include <string_view>

#include "world/running.hpp"

namespace drover::world {

/// Runs one request to its end: the replies and pushes are in the outputs of the connections.
void run_request(running& request);

/// Runs a command of a transaction, with its reply or error.
void run_queued(running& request);

/// What `redis.call` does in a script: the checks, then `act`, then tracking. Throws error_reply.
/// `act` has the command's effect, and may return what the script uses.
template <class Act>
auto call_in_script(running& request, std::string_view command, std::string_view key, Act act);

namespace detail {
void admit_in_script(running& request, std::string_view command);
void finish_in_script(const running& request, std::string_view command, std::string_view key);
}  // namespace detail

template <class Act>
auto call_in_script(running& request, std::string_view command, std::string_view key, Act act) {
  detail::admit_in_script(request, command);
  try {
    const auto result = act();
    detail::finish_in_script(request, command, key);
    return result;
  } catch (const error_reply&) {
    detail::finish_in_script(request, command, key);
    throw;
  }
}

}  // namespace drover::world
