// SPDX-License-Identifier: MIT
// The decisions of the scripts for servers that refuse scripts: from the bytes that a key holds and
// the time, the reply and the change. The store makes the change only if the key still holds these
// bytes (a compare-and-set), and decides again otherwise. So every change takes effect at once, as
// a script does, and the token in the entry is the same fence. docs/internals/lease-protocol.md
// describes both. Pure.
//
// Unlike the scripts, no decision sets flag bit 0: waiters poll where tracking does not work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "entry/envelope.hpp"
#include "lease/commands.hpp"
#include "lease/reply.hpp"

namespace drover::lease {

/// What becomes of a key.
struct key_change {
  enum class kind : std::uint8_t {
    store,    ///< `bytes`, with `key_ttl`
    replace,  ///< `bytes`; the key keeps its ttl
    remove,
  };
  key_change::kind does = kind::store;
  std::string bytes{};
  milliseconds key_ttl{};

  friend bool operator==(const key_change&, const key_change&) = default;
};

/// The reply holds once the change is made, or at once if there is none.
template <class Reply>
struct plain_decision {
  Reply reply{};
  std::optional<key_change> change{};
  bool wakes = false;  ///< the entry that is replaced asks for a message on the wake channel
};

/// The bytes of the key; nullopt: the key does not exist.
using stored_bytes = std::optional<std::string_view>;

[[nodiscard]] lease_reply lead_reply(server_time now, std::uint32_t attempts);
/// The entry that a grant stores under a key that does not exist.
[[nodiscard]] key_change pending_stub(const lease_request& request, server_time now);

/// `now` may be an estimate of the server's time that is never ahead of it: it is stored.
[[nodiscard]] plain_decision<lease_reply> decide_lease(const lease_request& request,
                                                       stored_bytes stored, server_time now);
[[nodiscard]] plain_decision<step_reply> decide_renew(const entry::token& held,
                                                      milliseconds lease_ttl,
                                                      std::uint64_t client_id, stored_bytes stored,
                                                      server_time now);
[[nodiscard]] plain_decision<step_reply> decide_promote(
    const entry::token& base, const entry::token& held, milliseconds lease_ttl,
    milliseconds pending_ttl, std::uint64_t client_id, stored_bytes stored, server_time now);
[[nodiscard]] plain_decision<fill_reply> decide_fill(const fill_request& request,
                                                     stored_bytes stored, server_time now);
[[nodiscard]] plain_decision<step_reply> decide_failure(const failure_request& request,
                                                        stored_bytes stored, server_time now);
[[nodiscard]] plain_decision<step_reply> decide_release(const entry::token& held,
                                                        stored_bytes stored);
[[nodiscard]] plain_decision<step_reply> decide_uncacheable(const entry::token& held,
                                                            milliseconds ttl, stored_bytes stored,
                                                            server_time now);
[[nodiscard]] plain_decision<step_reply> decide_expire(const entry::token& fresh,
                                                       stored_bytes stored, server_time now);
/// The key is that of a refresh mark.
[[nodiscard]] plain_decision<step_reply> decide_mark_extend(const entry::token& held,
                                                            milliseconds ttl, stored_bytes stored);
[[nodiscard]] plain_decision<step_reply> decide_mark_release(const entry::token& held,
                                                             stored_bytes stored);

}  // namespace drover::lease
