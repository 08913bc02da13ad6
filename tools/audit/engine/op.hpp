// SPDX-License-Identifier: MIT
// What one command did to one key, whatever the command was: SETEX, SET .. PX, HSET and EXPIRE in
// one MULTI, or a script that stores, all are a `store`. Commands that name several keys come as
// one op for each; those that only name the connection, as none.
#pragma once

#include <cstdint>
#include <string_view>

#include "audit/capture/event.hpp"

namespace drover::audit {

struct op {
  enum class kind : std::uint8_t {
    read,            ///< yes: hit, no: miss (nil, or an empty aggregate). Not a blocking read
    exists,          ///< EXISTS, TTL, PTTL, TYPE: yes: it is there
    store,           ///< replaces the value; no: its condition did not hold
    acquire,         ///< stores where there is nothing: SET NX, SETNX, scripts; yes: won, no: lost
    remove,          ///< DEL, UNLINK, GETDEL, EXPIRE 0; yes: it was there
    compare_remove,  ///< only if it holds `value`: Lua, DELEX, DELIFEQ, WATCH and MULTI
    expire,          ///< sets or removes the ttl; GETEX is a read and an expire
    compare_expire,  ///< only if it holds `value`: a renewal by script
    change,          ///< INCR, ZADD, LPUSH, blocking pops: neither cache nor lock
    opaque,          ///< a script whose body is unknown named it
  };
  /// no: as said at each kind. failed: an error reply. unknown: no reply, or one that does not say.
  enum class outcome : std::uint8_t { unknown, yes, no, failed };
  enum class condition : std::uint8_t { none, present, equal, script };
  /// kept: KEEPTTL, or a store into a part of it. unknown: a script's, whose argument is not known.
  enum class ttl_is : std::uint8_t { none, set, kept, unknown };

  kind is = kind::opaque;
  outcome came = outcome::unknown;
  condition only_if = condition::none;  ///< of a store
  ttl_is ttl_how = ttl_is::none;        ///< of store, acquire, expire; none of expire: PERSIST
  bool in_script = false;
  bool watched = false;        ///< in a MULTI after WATCH of this key
  bool part = false;           ///< HSET, SADD, ...: a field or member, not the whole value
  bool is_text = true;         ///< a string, not a hash, set, ...: locks are strings
  moment ttl{};                ///< with ttl_is::set
  digest value;                ///< what was stored, read, or compared: for locks, the token
  std::string_view key;        ///< valid as long as the event
  std::uint64_t key_hash = 0;  ///< of its digest
  std::string_view command;    ///< "SET", "EVALSHA"; valid for ever
  std::string_view known_as;   ///< the script's published name, ""; valid as long as the engine

  std::uint64_t sequence = 0;
  std::uint64_t connection = 0;
  std::uint64_t batch = 0;
  std::uint64_t transaction = 0;
  std::uint32_t database = 0;
  std::uint32_t process = 0;  ///< index into `rule_context::processes()`
  moment sent{};
  moment done{};

  [[nodiscard]] bool is_read() const { return is == kind::read; }
  [[nodiscard]] bool is_hit() const { return is == kind::read && came == outcome::yes; }
  [[nodiscard]] bool is_miss() const { return is == kind::read && came == outcome::no; }
  [[nodiscard]] bool was_won() const { return is == kind::acquire && came == outcome::yes; }
  [[nodiscard]] bool was_lost() const { return is == kind::acquire && came == outcome::no; }
};

/// `a` was over before `b` began: the only order that can be relied on.
[[nodiscard]] inline bool before(const op& a, const op& b) { return a.done <= b.sent; }

/// They are one step for everybody else: of one transaction, or of one read of the client's bytes.
[[nodiscard]] inline bool together(const op& a, const op& b) {
  return a.connection == b.connection && a.batch == b.batch;
}
/// Nothing can come between them.
[[nodiscard]] inline bool at_once(const op& a, const op& b) {
  return a.connection == b.connection &&
         (a.sequence == b.sequence || (a.transaction != 0 && a.transaction == b.transaction));
}

}  // namespace drover::audit
