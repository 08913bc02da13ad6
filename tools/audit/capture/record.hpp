// SPDX-License-Identifier: MIT
// The records that a capture sends to the engine: commands and other facts, in the order in which
// they become known.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "audit/capture/event.hpp"
#include "audit/capture/key_share.hpp"

namespace drover::audit {

/// The first record.
struct capture_begun {
  /// The version of the format.
  unsigned version = 1;
  /// For example "drover 0.1.0".
  std::string tool;
  /// The Unix time of moment 0, in milliseconds.
  std::int64_t unix_ms = 0;
  /// The names of keys are hashes.
  bool keys_hidden = false;
  /// The tool may send commands of its own and delay replies.
  bool active = false;
  /// The share of the keys that the capture contains, as in `sight_lost`, if the user asked for a
  /// sample.
  std::uint32_t keys_per_million = all_keys;
};

/// A client has connected. Sent again for the same connection if its process is found later.
struct connection_opened {
  std::uint64_t connection = 0;
  moment at{};
  /// 0: not known.
  std::int64_t pid = 0;
  /// To be shown to users: the name of the program, or the address of the peer.
  std::string process;
};

/// The names that a client gave itself with CLIENT SETNAME, CLIENT SETINFO or HELLO ... SETNAME.
struct connection_named {
  std::uint64_t connection = 0;
  std::string name;
  std::string library;
  std::string library_version;
};

struct connection_closed {
  std::uint64_t connection = 0;
  moment at{};
  bool by_client = true;
};

/// The purpose of a script, as far as its text shows it. Sent once for each script, before or after
/// its first call.
struct script_seen {
  /// As in `event::script`.
  std::string script;
  /// The name of a published script, such as "redis-py lock release"; otherwise "".
  std::string known_as;
  enum class purpose : std::uint8_t {
    unknown,
    compare_and_delete,
    compare_and_store,
    compare_and_expire,
    acquire,
    rate_limit,
    read,
    store,
    del,
    compare,  ///< only of a key: it is compared, and neither stored nor deleted
    change,   ///< only of a key: a list, stream, sorted set, set or counter
  };
  purpose does = purpose::unknown;
  /// The reply that means success. `unknown`: a positive integer or OK. `first_one`: an array whose
  /// first item is 1.
  enum class success : std::uint8_t { unknown, null, not_null, one, ok, first_one };
  success says = success::unknown;
  /// The ARGV indexes of the token, the ttl and the value, starting at 1; 0: none.
  unsigned token_argument = 0;
  unsigned ttl_argument = 0;
  unsigned value_argument = 0;
  /// False: the ttl is in milliseconds.
  bool ttl_in_seconds = false;
  /// The commands that the script calls, in upper case, each once.
  std::vector<std::string> calls;

  /// A reply of the script.
  struct reply_sign {
    /// `missing`: any reply.
    reply_kind kind = reply_kind::null;
    /// Every reply of this kind, not only the one below.
    bool any = true;
    std::int64_t integer = 0;
    digest content_digest{};

    friend bool operator==(const reply_sign&, const reply_sign&) = default;
  };
  /// What the script does to one of its keys.
  struct key_effect {
    /// The KEYS index, starting at 1; 0: each key.
    unsigned key = 0;
    /// `unknown`: the text does not show it.
    purpose does = purpose::unknown;
    /// As above.
    unsigned token_argument = 0;
    unsigned ttl_argument = 0;
    unsigned value_argument = 0;
    bool ttl_in_seconds = false;
    /// The key is stored without a ttl.
    bool no_ttl = false;
    /// It does this in each call.
    bool always = false;
    /// A call that does not do it may not have tried: it ended before, for another reason than the
    /// state of this key.
    bool may_not_try = false;
    /// The replies of calls that do it, and of those that do not. Of a read: the replies that are
    /// the value, and those that say that there is none.
    std::vector<reply_sign> yes{};
    std::vector<reply_sign> no{};

    static constexpr std::size_t signs_max = 16;
  };
  /// The effects on each key of the script. Empty: `does` is the effect on each of them.
  std::vector<key_effect> keys{};

  static constexpr std::size_t keys_max = 32;
};

/// The server sent a client an invalidation of tracked keys or a pub/sub message.
struct push_received {
  std::uint64_t connection = 0;
  moment at{};
  /// "invalidate", "message", ...
  std::string kind;
  /// The keys, or the channel.
  std::vector<std::string> names;
};

/// Loads that were observed at the origin: in its log, by a counter, or in its traffic.
struct origin_loads {
  moment at{};
  std::uint64_t count = 1;
  /// "" if the source does not show the key.
  std::string key;
  /// "log FILE", "tcp 127.0.0.1:15432", ...
  std::string source;
};

/// The tool deleted a key or delayed replies.
struct tool_acted {
  enum class action_kind : std::uint8_t { cold_event, miss_barrier };
  action_kind action = action_kind::cold_event;
  std::string key;
  moment from{};
  moment to{};
};

/// The tool injected a fault of a script between the application and the server.
struct fault_injected {
  /// The fault as it was typed.
  std::string fault;
  /// Its kind: "cut", "reset", ...
  std::string kind;
  /// 0: the fault concerns all connections.
  std::uint64_t connection = 0;
  /// "": the fault concerns a whole connection.
  std::string command;
  /// The first key of the command, or "".
  std::string key;
  moment at{};
  /// The end of a delay, or of the time in which the server is down. Otherwise the same as `at`.
  moment to{};
};

/// How the server fails during an outage.
enum class outage_kind : std::uint8_t {
  slow,    ///< each reply is late
  errors,  ///< each reply is an error
  full,    ///< each reply to a store is an error: the memory is full
  silent,  ///< no reply comes until the end of the outage
  away,    ///< all connections are reset, and new ones too
};
inline constexpr std::size_t outage_kind_count = 5;

/// The tool lets the server fail from `from` to `to`. Sent before the outage begins.
struct outage_planned {
  outage_kind kind = outage_kind::slow;
  moment from{};
  moment to{};
  /// Until then the server works again, and the application can recover.
  moment recovery_until{};
};

/// The tool has asked the application, as its callers do.
struct application_checked {
  moment from{};
  moment to{};
  /// The application gave the caller what it wanted.
  bool is_served = false;
  /// The application itself has ended. It is the last check.
  bool is_last = false;
  /// Why the caller was not served, or "".
  std::string why;
};

/// The capture missed a part of the traffic.
struct sight_lost {
  /// 0: the record is about the whole capture.
  std::uint64_t connection = 0;
  moment at{};
  std::string why;
  /// The number of bytes that were passed on unread.
  std::uint64_t bytes = 0;
  /// The number of events that were dropped.
  std::uint64_t events = 0;
  /// Less than `all_keys`: from now on the capture only contains events of the keys in this share,
  /// see `in_share`. It only shrinks within a capture. All events of a key are in the capture, or
  /// none. An event with several keys is in the capture if one of them is.
  std::uint32_t keys_per_million = all_keys;
};

/// A fact that the tool requested from the server at the end of the run, on its own connection.
struct server_said {
  /// "": the fact is about the server.
  std::string key;
  /// The reply to PTTL.
  std::int64_t pttl = 0;
  std::string maxmemory_policy;
};

/// The last record of a complete capture.
struct capture_ended {
  moment at{};
  /// All bytes that were passed on, in both directions, read or not.
  std::uint64_t bytes = 0;
  /// All commands that were passed on, examined or not; 0: not counted.
  std::uint64_t commands = 0;
};

using record =
    std::variant<capture_begun, connection_opened, connection_named, connection_closed, script_seen,
                 event, push_received, origin_loads, tool_acted, fault_injected, outage_planned,
                 application_checked, sight_lost, server_said, capture_ended>;

}  // namespace drover::audit
