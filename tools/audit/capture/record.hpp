// SPDX-License-Identifier: MIT
// All that a capture hands to the engine, one after the other: commands, and what is known besides.
// The order is that of the time at which each became known.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "audit/capture/event.hpp"

namespace drover::audit {

/// The first record.
struct capture_begun {
  unsigned version = 1;      ///< of the format
  std::string tool;          ///< "drover 0.1.0"
  std::int64_t unix_ms = 0;  ///< when moment 0 was
  bool keys_hidden = false;  ///< key names are hashes
  bool active = false;       ///< the tool may send commands and hold replies of its own
};

struct connection_opened {
  std::uint64_t connection = 0;
  moment at{};
  std::int64_t pid = 0;  ///< 0: not known
  std::string process;   ///< for people: the program's name, or the peer's address
};

/// What the client says of itself: CLIENT SETNAME, CLIENT SETINFO, HELLO ... SETNAME.
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

/// What a script's body does, as far as can be read from it. Sent once for each script, before or
/// after the first call of it.
struct script_seen {
  std::string script;    ///< as `event::script`
  std::string known_as;  ///< a published script: "redis-py lock release"; "" if none
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
  };
  purpose does = purpose::unknown;
  /// How its reply says that it did what it does. `unknown`: by a positive integer or OK.
  enum class success : std::uint8_t { unknown, null, not_null, one, ok };
  success says = success::unknown;
  /// Which ARGV (1-based, 0: none) is the token, the ttl, the value; how the ttl is counted.
  unsigned token_argument = 0;
  unsigned ttl_argument = 0;
  unsigned value_argument = 0;
  bool ttl_in_seconds = false;
  /// The commands it calls, upper case, each once.
  std::vector<std::string> calls;
};

/// The server told a client that keys it tracks have changed, or sent it a message.
struct push_received {
  std::uint64_t connection = 0;
  moment at{};
  std::string kind;                ///< "invalidate", "message", ...
  std::vector<std::string> names;  ///< keys, or the channel
};

/// The origin was asked, by its own word (a log, a counter, traffic to it).
struct origin_loads {
  moment at{};
  std::uint64_t count = 1;
  std::string key;     ///< "" if it cannot be told
  std::string source;  ///< "log FILE", "tcp 127.0.0.1:15432", ...
};

/// The tool did something to the application's traffic.
struct tool_acted {
  enum class action_kind : std::uint8_t { cold_event, miss_barrier };
  action_kind action = action_kind::cold_event;
  std::string key;
  moment from{};
  moment to{};
};

/// Something was not seen. `connection` 0: of the capture as a whole.
struct sight_lost {
  std::uint64_t connection = 0;
  moment at{};
  std::string why;
  std::uint64_t bytes = 0;   ///< passed on unread
  std::uint64_t events = 0;  ///< left out to keep up
  /// More than 1: from here on only keys in the sample are handed on, see `in_sample`. It only
  /// grows within a capture, in powers of two.
  std::uint32_t one_in = 1;
};

/// Whether a key, by the hash of its digest, is among the one in so many that are looked at. All of
/// a key's events are, or none; an event of several keys is handed on for the sake of any of them.
[[nodiscard]] constexpr bool in_sample(std::uint64_t key_hash, std::uint32_t one_in) noexcept {
  return (key_hash >> 32U) % one_in == 0;
}

/// The side connection's answers: what the server says of keys when the run is over, and of itself.
struct server_said {
  std::string key;        ///< "" for a fact of the server itself
  std::int64_t pttl = 0;  ///< as PTTL answers
  std::string maxmemory_policy;
};

/// The last record of a capture that ended as it should.
struct capture_ended {
  moment at{};
  std::uint64_t bytes = 0;  ///< passed on in all, both ways, read or not
};

using record = std::variant<capture_begun, connection_opened, connection_named, connection_closed,
                            script_seen, event, push_received, origin_loads, tool_acted, sight_lost,
                            server_said, capture_ended>;

}  // namespace drover::audit
