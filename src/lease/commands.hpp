// SPDX-License-Identifier: MIT
// Every request the library sends, and how to read what comes back. Pure: bytes out, messages in.
// An error reply becomes a fault by `fault_of`; a reply of the wrong shape is `corrupt`.
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
  entry::token attempt;  ///< fresh for every attempt
  milliseconds lease_ttl{};
  /// The stub's key ttl: that of a value, not of the lease, and no less than the load may take, for
  /// a renewal does not lengthen it.
  milliseconds pending_ttl{};
  bool notify = false;  ///< an untracked waiter asks for the wake channel
  /// Of an earlier attempt of ours, or of the holder to take over; none: zero.
  entry::token previous{};
  /// Of an entry that this reader could not use, or of a failure that it does not share, or zero.
  entry::token refused{};
  std::uint64_t client_id = 0;
  std::uint64_t digest = 0;
  /// Entries stored or granted earlier count as in `entry::trust`.
  server_time stored_from{server_time::min()};
  /// The longest pause after a failure, before its spread. A FAILED entry that asks for a longer
  /// one is cut short.
  milliseconds failure_pause_max{entry::default_failure_pause_max};
};

struct fill_request {
  std::string_view value_key;
  entry::token expected;     ///< cold: the lease's; refresh: that of the entry read before
  entry::token produced_by;  ///< the load's own token
  bool absent = false;
  microseconds load_time{};
  entry::lifetime times;
  std::uint64_t digest = 0;
  std::string_view payload;
  std::string_view wake_channel;
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

// Each appends one request to `out`; the comment after it is the number of its replies. Times are
// sent as whole milliseconds, at least 1 for a key's ttl, at most a hundred years.
void write_get(std::string& out, std::string_view value_key);  // 1
void write_time(std::string& out);                             // 1
/// PING with a text of its own. Its echo shows that the reply before it belongs to its request.
void write_ping(std::string& out, std::uint64_t nonce);  // 1
/// Preceded by CLIENT CACHING YES when `tracked`: then 2 replies, and the first one is only looked
/// at for errors.
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
/// `ttl`: how long the marker stands.
void write_uncacheable(std::string& out, std::string_view value_key, const entry::token& held,
                       milliseconds ttl, std::string_view wake_channel);  // 1
/// Its reply is read by `read_acknowledged`, or by `read_step`: was there anything to expire?
void write_expire(std::string& out, std::string_view value_key, const entry::token& fresh);  // 1
/// UNLINK: removes whatever is there, of any type. Precondition: at least one key.
void write_invalidate(std::string& out, std::span<const std::string> keys);  // 1
/// SET L NX PX, then GETRANGE V 0 63, in this order.
void write_refresh_mark(std::string& out, std::string_view refresh_mark_key,
                        std::string_view value_key, const entry::token& attempt,
                        milliseconds lease_ttl);  // 2
void write_refresh_mark_extend(std::string& out, std::string_view refresh_mark_key,
                               const entry::token& held,
                               milliseconds ttl);  // 1
void write_refresh_mark_release(std::string& out, std::string_view refresh_mark_key,
                                const entry::token& held);  // 1
/// CLIENT LIST ID. Precondition: at least one, none of them 0.
void write_holders(std::string& out, std::span<const std::uint64_t> client_ids);  // 1
/// Tracking in force for the library's connection: OPTIN NOLOOP.
void write_tracking(std::string& out, bool noloop);  // 1
/// Provokes a push for `canary_key` on this very connection, if pushes work: TRACKING ON OPTIN;
/// CACHING YES; GET C; SET C PX 1000; TRACKING ON OPTIN NOLOOP.
void write_canary(std::string& out, std::string_view canary_key);         // 5
void write_subscribe(std::string& out, std::string_view wake_channel);    // 0: pushes
void write_unsubscribe(std::string& out, std::string_view wake_channel);  // 0
/// SCRIPT LOAD of every script, in the order of `scripts()`.
void write_load_scripts(std::string& out);  // scripts().size()

/// The class of a server's error reply: NOSCRIPT is told apart by `is_noscript`.
[[nodiscard]] fault fault_of(std::string_view error_text);
/// The server has this command and refuses it to this client, or sends it to another server.
[[nodiscard]] bool is_refusal(const fault& why);
[[nodiscard]] bool is_noscript(const resp::message& reply) noexcept;
/// True for READONLY: a replica refused a write.
[[nodiscard]] bool is_readonly(const resp::message& reply) noexcept;

/// nullopt: there is no such key. WRONGTYPE is fault `corrupt`.
[[nodiscard]] result<std::optional<std::string>> read_get(resp::message&& reply);
[[nodiscard]] result<server_time> read_time(const resp::message& reply);
/// True when the PING with this nonce came back. A fault when it was refused.
[[nodiscard]] result<bool> read_echo(const resp::message& reply, std::uint64_t nonce);
[[nodiscard]] result<lease_reply> read_lease(resp::message&& reply);
[[nodiscard]] result<fill_reply> read_fill(const resp::message& reply);
[[nodiscard]] result<step_reply> read_step(const resp::message& reply);
[[nodiscard]] result<refresh_mark_reply> read_refresh_mark(resp::message&& set_reply,
                                                           resp::message&& range_reply);
[[nodiscard]] result<void> read_acknowledged(const resp::message& reply);
/// The client ids that are still connected, ascending.
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
