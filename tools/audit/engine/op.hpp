// SPDX-License-Identifier: MIT
// What one command did to one key, independent of the command: SETEX, SET .. PX, HSET, and a script
// that stores are all a `store`. A command with several keys becomes one op for each key. A command
// without a key becomes no op.
#pragma once

#include <cstdint>
#include <string_view>

#include "audit/capture/event.hpp"

namespace drover::audit {

enum class op_kind : std::uint8_t {
  read,            ///< yes: hit, no: miss (nil, or an empty aggregate); no blocking reads
  exists,          ///< EXISTS, TTL, PTTL, TYPE; yes: the key exists
  store,           ///< replaces the value; no: its condition did not hold
  acquire,         ///< stores only an absent key: SET NX, SETNX, scripts; yes: won, no: lost
  remove,          ///< DEL, UNLINK, GETDEL, EXPIRE 0; yes: the key existed
  compare_remove,  ///< removes the key if it holds `value`: Lua, DELEX, DELIFEQ, WATCH and MULTI
  expire,          ///< sets or removes the ttl; GETEX is a read and an expire
  compare_expire,  ///< sets the ttl if the key holds `value`: a renewal by script
  change,          ///< INCR, ZADD, LPUSH, blocking pops: neither cache nor lock
  opaque,          ///< a call of a script whose body is unknown
};
/// yes, no: see each kind. failed: an error reply. unknown: no reply, or an unclear one.
enum class op_outcome : std::uint8_t { unknown, yes, no, failed };
/// The condition under which a store replaces the value.
enum class store_condition : std::uint8_t { none, present, equal, script };
/// What an op does to the ttl. kept: KEEPTTL, or a store into a part of the value. unknown: the ttl
/// could not be read from the arguments. An expire with `none` is a PERSIST.
enum class ttl_effect : std::uint8_t { none, set, kept, unknown };

/// An op without its key: the part of an op that the engine keeps.
struct op_summary {
  moment sent{};
  moment done{};
  std::uint64_t sequence = 0;
  std::uint64_t connection = 0;
  std::uint64_t batch = 0;
  std::uint64_t transaction = 0;
  std::uint32_t process = 0;  ///< index into `connection_book::processes()`
  op_kind kind = op_kind::opaque;
  op_outcome outcome = op_outcome::unknown;
  store_condition condition = store_condition::none;
  ttl_effect on_ttl = ttl_effect::none;  ///< for store, acquire and expire
  bool in_script = false;
  bool watched = false;      ///< in a MULTI after WATCH of this key
  bool part = false;         ///< HSET, SADD, ...: a field or member, not the whole value
  moment ttl{};              ///< valid with `ttl_effect::set`
  digest value;              ///< the value stored, read or compared; the token of a lock
  std::string_view command;  ///< "SET", "EVALSHA"; valid as long as the normaliser

  [[nodiscard]] bool is_read() const { return kind == op_kind::read; }
  [[nodiscard]] bool is_hit() const { return kind == op_kind::read && outcome == op_outcome::yes; }
  [[nodiscard]] bool is_miss() const { return kind == op_kind::read && outcome == op_outcome::no; }
  [[nodiscard]] bool was_won() const {
    return kind == op_kind::acquire && outcome == op_outcome::yes;
  }
  /// Whether it stored, took, released, deleted or prolonged the key.
  [[nodiscard]] bool changed_key() const {
    const bool only_looks = kind == op_kind::read || kind == op_kind::exists;
    return !only_looks && outcome == op_outcome::yes;
  }
  [[nodiscard]] bool was_lost() const {
    return kind == op_kind::acquire && outcome == op_outcome::no;
  }
};

/// `op_summary(op)` copies the summary of an op.
struct op : op_summary {
  bool is_text = true;   ///< a string, not a hash, set, ...; locks are strings
  std::string_view key;  ///< valid as long as the event
  std::string_view
      known_as;  ///< the published name of a script, or ""; valid as long as the engine
  std::uint32_t database = 0;
  /// SET .. NX GET: the reply is the value that was there; `told` is its digest, if there was one.
  bool tells_value = false;
  digest told;
};

/// True if both came in one transaction, or in one read of the client's bytes. Other clients
/// usually see them as one step.
[[nodiscard]] inline bool in_same_batch(const op_summary& a, const op_summary& b) {
  return a.connection == b.connection && a.batch == b.batch;
}

}  // namespace drover::audit
