// SPDX-License-Identifier: MIT
// Writes every request of the library and reads the replies. Pure: it writes bytes and reads
// messages. `fault_of` converts an error reply into a fault; a malformed reply is `corrupt`.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "entry/envelope.hpp"
#include "entry/freshness.hpp"
#include "lease/reply.hpp"
#include "lease/scripts.hpp"
#include "resp/message.hpp"

namespace drover::lease {

struct lease_request {
  std::string_view value_key;
  entry::token attempt;  ///< a new token for every attempt
  milliseconds lease_ttl{};
  /// The key ttl of the PENDING entry: that of a value, not that of the lease, and at least the
  /// time that the load may take, because a renewal does not prolong it.
  milliseconds pending_ttl{};
  bool notify = false;  ///< a waiter without tracking asks for a message on the wake channel
  /// The token of an earlier attempt of this flight, or of the holder to take over from; zero:
  /// none.
  entry::token previous{};
  /// The token of an entry that this reader could not use, or of a failure that it does not accept;
  /// zero: none.
  entry::token refused{};
  std::uint64_t client_id = 0;
  std::uint64_t digest = 0;
  /// For entries that were stored or granted earlier, see `entry::trust`.
  server_time stored_from{server_time::min()};
  /// The longest pause after a failure, before it is varied. LEASE cuts a FAILED entry with a
  /// longer pause.
  milliseconds failure_pause_max{entry::default_failure_pause_max};
};

struct fill_request {
  static constexpr server_time unknown_time{};

  std::string_view value_key;
  /// The token that the entry must have: of the lease after a cold start, of the entry that was
  /// read for a refresh.
  entry::token expected;
  entry::token produced_by;  ///< the token of the load
  bool absent = false;
  microseconds load_time{};
  entry::lifetime times;
  std::uint64_t digest = 0;
  std::string_view payload;
  std::string_view wake_channel;
  /// The latest time that the server's clock can have shown when the load ended. The times of the
  /// entry count from then, however late the request is executed.
  server_time loaded_at = unknown_time;
};

struct failure_request {
  std::string_view value_key;
  entry::token held;
  std::uint32_t attempts = 1;
  entry::failure_class failure = entry::failure_class::threw;
  milliseconds pause{};
  milliseconds key_ttl{};  ///< 2 * pause + lease_ttl
  std::uint64_t digest = 0;
  std::string_view text;  ///< usually empty; at most 200 escaped bytes
  std::string_view wake_channel;
};

// Each function appends one request to `out`. The comment after it is the number of replies. Times
// are sent as whole milliseconds, at most a hundred years, and at least 1 ms for the ttl of a key.
void write_get(std::string& out, std::string_view value_key);  // 1
void write_time(std::string& out);                             // 1
/// In a cluster, it lets the next command use a slot that is on its way to this node.
void write_asking(std::string& out);  // 1
/// PING with a unique text. Its echo shows that the reply before it belongs to the request before
/// it.
void write_ping(std::string& out, std::uint64_t nonce);  // 1
/// When `tracked`, CLIENT CACHING YES precedes the script. There are 2 replies then, and the first
/// one is only checked for errors.
void write_lease(std::string& out, const lease_request& request, bool tracked);  // 1 or 2
void write_renew(std::string& out, std::string_view value_key, const entry::token& held,
                 milliseconds lease_ttl, std::uint64_t client_id);  // 1
void write_promote(std::string& out, std::string_view value_key, const entry::token& base,
                   const entry::token& held, milliseconds lease_ttl, milliseconds pending_ttl,
                   std::uint64_t client_id);                           // 1
void write_fill(std::string& out, const fill_request& request);        // 1
void write_failure(std::string& out, const failure_request& request);  // 1
void write_release(std::string& out, std::string_view value_key, const entry::token& held,
                   std::string_view wake_channel);  // 1
/// `ttl` is the lifetime of the marker.
void write_uncacheable(std::string& out, std::string_view value_key, const entry::token& held,
                       milliseconds ttl, std::string_view wake_channel);  // 1
/// Read its reply with `read_acknowledged`, or with `read_step` to learn whether there was an entry
/// to expire.
void write_expire(std::string& out, std::string_view value_key, const entry::token& fresh);  // 1
/// UNLINK: removes the keys, of any type. Precondition: at least one key.
void write_invalidate(std::string& out, std::span<const std::string> keys);  // 1
/// SET L NX PX, then GETRANGE V 0 63, in this order. `asking`: ASKING precedes both of them.
void write_refresh_mark(std::string& out, std::string_view refresh_mark_key,
                        std::string_view value_key, const entry::token& attempt,
                        milliseconds lease_ttl, bool asking = false);  // 2; 4 with `asking`
void write_refresh_mark_extend(std::string& out, std::string_view refresh_mark_key,
                               const entry::token& held,
                               milliseconds ttl);  // 1
void write_refresh_mark_release(std::string& out, std::string_view refresh_mark_key,
                                const entry::token& held);  // 1
/// CLIENT LIST ID. Precondition: at least one id, and no id is 0.
void write_holders(std::string& out, std::span<const std::uint64_t> client_ids);  // 1
/// Turns on tracking for the connection: OPTIN NOLOOP.
void write_tracking(std::string& out, bool noloop);  // 1
/// Causes a push for `canary_key` on this connection, if pushes work: TRACKING ON OPTIN; CACHING
/// YES; GET C; SET C PX 1000; TRACKING ON OPTIN NOLOOP.
void write_canary(std::string& out, std::string_view canary_key);         // 5
void write_subscribe(std::string& out, std::string_view wake_channel);    // 0: pushes
void write_unsubscribe(std::string& out, std::string_view wake_channel);  // 0
/// SCRIPT LOAD of every script, in the order of `scripts()`.
void write_load_scripts(std::string& out);  // scripts().size()

/// The fault for an error reply of the server. `is_noscript` recognises NOSCRIPT.
[[nodiscard]] fault fault_of(std::string_view error_text);
/// True when the server knows the command but refuses it to this client, or redirects it to another
/// server.
[[nodiscard]] bool is_refusal(const fault& why);
[[nodiscard]] bool is_noscript(const resp::message& reply) noexcept;
/// True for READONLY: a replica refused a write.
[[nodiscard]] bool is_readonly(const resp::message& reply) noexcept;

/// nullopt: the key does not exist. WRONGTYPE is the fault `corrupt`.
[[nodiscard]] result<std::optional<std::string>> read_get(resp::message&& reply);
[[nodiscard]] result<server_time> read_time(const resp::message& reply);
/// True when the reply is the echo of this nonce. A fault when the PING was refused.
[[nodiscard]] result<bool> read_echo(const resp::message& reply, std::uint64_t nonce);
[[nodiscard]] result<lease_reply> read_lease(resp::message&& reply);
[[nodiscard]] result<fill_reply> read_fill(const resp::message& reply);
[[nodiscard]] result<step_reply> read_step(const resp::message& reply);
[[nodiscard]] result<refresh_mark_reply> read_refresh_mark(resp::message&& set_reply,
                                                           resp::message&& range_reply);
[[nodiscard]] result<void> read_acknowledged(const resp::message& reply);
/// The ids of the clients that are still connected, in ascending order.
[[nodiscard]] result<std::vector<std::uint64_t>> read_holders(const resp::message& reply);

enum class push_kind : std::uint8_t { keys, everything, channel, subscribed, other };

/// The content of a push.
struct push_notice {
  push_kind kind = push_kind::other;
  /// Keys of an invalidation, or the channel of a message or of a confirmed subscription.
  std::vector<std::string> names;
};
[[nodiscard]] push_notice read_push(const resp::message& push);

}  // namespace drover::lease
