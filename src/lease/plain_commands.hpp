// SPDX-License-Identifier: MIT
// The commands that replace the scripts where a server refuses them, and their replies:
//
//   * a grant over a missing key: SET NX GET, which is one command. With it, TIME and, for
//     tracking, a read of the head;
//   * every other change: a compare-and-set of the whole entry. SET IFEQ where the server knows it
//     (Valkey 8.1, Redis 8.4), otherwise WATCH, GET, MULTI on a connection of its own, and then the
//     write and EXEC.
//
// A removal by SET IFEQ stores an empty string, which counts as missing, for one millisecond. So no
// command is needed that only some of these servers know (DELIFEQ, DELEX).
// MULTI is answered before the write is sent: a server that refuses MULTI never executes the write
// alone. Pure.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "lease/plain_changes.hpp"
#include "resp/message.hpp"

namespace drover::lease {

/// TIME, SET NX GET PX and, when `tracked`, CLIENT CACHING YES and GETRANGE V 0 63.
void write_plain_grant(std::string& out, std::string_view key, const key_change& stub,
                       bool tracked);  // `plain_grant_replies`
[[nodiscard]] constexpr unsigned plain_grant_replies(bool tracked) { return tracked ? 4U : 2U; }

/// SET IFEQ: makes the change if the key holds exactly `expected`.
void write_compared(std::string& out, std::string_view key, std::string_view expected,
                    const key_change& change);  // 1
/// SET IFEQ with random bytes: changes nothing, and shows whether the server knows it.
void write_comparison_probe(std::string& out, std::string_view key,
                            const entry::token& random);  // 1
/// WATCH, GET, MULTI.
void write_watched_read(std::string& out, std::string_view key);  // 3
/// The change, and EXEC.
void write_commit(std::string& out, std::string_view key, const key_change& change);  // 2
void write_discard(std::string& out);                                                 // 1
void write_publish(std::string& out, std::string_view wake_channel);                  // 1

struct plain_grant {
  server_time now{};
  std::optional<std::string> stored{};  ///< empty: granted
  /// The entry is still the one in `stored`, and the connection tracks it. True without tracking.
  bool is_watched = true;
};
[[nodiscard]] result<plain_grant> read_plain_grant(std::span<resp::message> replies);
/// True when the change was made, false when the key holds other bytes.
[[nodiscard]] result<bool> read_compared(const resp::message& reply);
/// True when the server knows SET IFEQ. A fault when it refuses SET for another reason.
[[nodiscard]] result<bool> read_comparison_probe(const resp::message& reply);

struct watched_read {
  bool is_open = false;  ///< MULTI has been executed: EXEC or DISCARD must follow
  result<std::optional<std::string>> stored{std::optional<std::string>{}};
};
[[nodiscard]] watched_read read_watched(std::span<resp::message> replies);
/// True when the change was made, false when the key was changed meanwhile.
[[nodiscard]] result<bool> read_committed(std::span<const resp::message> replies);

/// True when the server refuses to run scripts for this client. An error inside a script, and a
/// script that is refused one key, are not such refusals.
[[nodiscard]] bool refuses_scripts(const fault& why);

}  // namespace drover::lease
