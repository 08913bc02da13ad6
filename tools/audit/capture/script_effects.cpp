// SPDX-License-Identifier: MIT
#include "audit/capture/script_effects.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "audit/capture/script_arguments.hpp"

namespace drover::audit {
namespace {

using purpose = script_seen::purpose;
using key_effect = script_seen::key_effect;
using sign = script_seen::reply_sign;
using operand = lua_operand::kind;

/// What one call does to a key that it names.
enum class use : std::uint8_t {
  none,
  read,
  acquire,
  store,
  remove,
  expire,
  count,   ///< HINCRBY: a counter, or the hash of a lock
  change,  ///< a list, stream, sorted set or set, or a counter
  unknown,
};

template <std::size_t Size>
bool is_one_of(std::string_view command, const std::array<std::string_view, Size>& names) {
  return std::find(names.begin(), names.end(), command) != names.end();
}

constexpr auto reads = std::to_array<std::string_view>(
    {"GET",    "MGET",     "HGET",  "HMGET",      "HGETALL",     "HKEYS",    "HVALS",
     "EXISTS", "TTL",      "PTTL",  "EXPIRETIME", "PEXPIRETIME", "GETRANGE", "STRLEN",
     "TYPE",   "HEXISTS",  "HLEN",  "HSTRLEN",    "GETBIT",      "BITCOUNT", "OBJECT",
     "DUMP",   "JSON.GET", "HSCAN", "SUBSTR",     "HRANDFIELD",  "LCS",      "BITPOS"});
constexpr auto storing = std::to_array<std::string_view>(
    {"SET", "SETEX", "PSETEX", "GETSET", "HSET", "HMSET", "MSET", "HSETEX", "JSON.SET", "RESTORE"});
constexpr auto removing = std::to_array<std::string_view>({"DEL", "UNLINK", "GETDEL", "HDEL"});
constexpr auto expiring = std::to_array<std::string_view>(
    {"EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "PERSIST", "GETEX"});
constexpr auto without_key = std::to_array<std::string_view>(
    {"PUBLISH", "SPUBLISH", "TIME", "PING", "ECHO", "INFO", "CONFIG", "SELECT", "RANDOMKEY", "SCAN",
     "KEYS", "DBSIZE", "ROLE", "SCRIPT", "FUNCTION", "REPLICATE_COMMANDS", "WAIT"});
/// Commands of counters. All others that are in none of these lists change a collection.
constexpr auto counting =
    std::to_array<std::string_view>({"INCR", "INCRBY", "INCRBYFLOAT", "DECR", "DECRBY", "APPEND",
                                     "SETRANGE", "SETBIT", "HINCRBY", "HINCRBYFLOAT", "BITFIELD"});
/// Reads of collections. A script that only reads them is no queue's.
constexpr auto browsing = std::to_array<std::string_view>({"LRANGE",        "LLEN",
                                                           "LINDEX",        "LPOS",
                                                           "ZRANGE",        "ZREVRANGE",
                                                           "ZSCORE",        "ZMSCORE",
                                                           "ZCARD",         "ZCOUNT",
                                                           "ZRANK",         "ZREVRANK",
                                                           "SMEMBERS",      "SCARD",
                                                           "SISMEMBER",     "SMISMEMBER",
                                                           "SRANDMEMBER",   "SINTER",
                                                           "XLEN",          "XRANGE",
                                                           "ZRANGEBYSCORE", "ZREVRANGEBYSCORE",
                                                           "XREVRANGE",     "SUNION",
                                                           "XINFO",         "XPENDING",
                                                           "ZRANGEBYLEX",   "ZLEXCOUNT",
                                                           "SDIFF",         "SSCAN",
                                                           "ZSCAN",         "GEOPOS",
                                                           "GEODIST",       "GEOSEARCH",
                                                           "PFCOUNT"});

use use_of(const lua_call& call) {
  const std::string& name = call.command;
  if (name.empty()) return use::unknown;
  if (name == "SETNX" || name == "HSETNX" || name == "MSETNX") return use::acquire;
  if (name == "SET" && option_at(call, "NX") < call.arguments.size()) return use::acquire;
  if (is_one_of(name, reads)) return use::read;
  if (is_one_of(name, storing)) return use::store;
  if (is_one_of(name, removing)) return use::remove;
  if (is_one_of(name, expiring)) return use::expire;
  if (is_one_of(name, without_key)) return use::none;
  return name == "HINCRBY" ? use::count : use::change;
}

/// Whether the call changes a collection: such a script is that of a queue, a stream or a set.
bool changes_collection(const lua_call& call) {
  return use_of(call) == use::change && !is_one_of(call.command, counting) &&
         !is_one_of(call.command, browsing);
}

/// The arguments of a call that are keys.
std::vector<std::size_t> key_positions(const lua_call& call) {
  static constexpr auto all =
      std::to_array<std::string_view>({"DEL", "UNLINK", "EXISTS", "MGET", "SINTER", "SUNION"});
  static constexpr auto two = std::to_array<std::string_view>(
      {"RPOPLPUSH", "LMOVE", "SMOVE", "RENAME", "RENAMENX", "COPY", "BRPOPLPUSH", "BLMOVE"});
  std::vector<std::size_t> out;
  const std::size_t size = call.arguments.size();
  const bool pairs = call.command == "MSET" || call.command == "MSETNX";
  if (size > 0) out.push_back(0);
  if (is_one_of(call.command, two) && size > 1) out.push_back(1);
  for (std::size_t at = pairs ? 2 : 1; at < size; at += pairs ? 2 : 1) {
    if (pairs || is_one_of(call.command, all)) out.push_back(at);
  }
  return out;
}

/// One call on one key, and the block in which it has an effect.
struct key_use {
  unsigned call = 0;
  use does = use::none;
  std::size_t block = 0;
  std::size_t position = 0;
};

class effect_finder {
 public:
  effect_finder(const script_reading& script, const hash_key& texts)
      : script_{script}, texts_{texts} {
    for (unsigned i = 0; i < script_.calls.size(); ++i) add(i);
    is_queue_ = std::any_of(script_.calls.begin(), script_.calls.end(), changes_collection);
  }

  std::vector<key_effect> find() {
    std::vector<key_effect> out;
    for (const auto& [key, uses] : uses_) {
      if (out.size() >= script_seen::keys_max) break;
      out.push_back(judge(key, uses));
    }
    // A command whose key is not clear may concern any key.
    if (!out.empty() && unclear_ && !uses_.contains(0)) out.push_back({.key = 0});
    return out;
  }

 private:
  void add(unsigned index) {
    const lua_call& call = script_.calls[index];
    const use does = use_of(call);
    for (const std::size_t at : key_positions(call)) {
      const lua_operand& key = call.arguments[at];
      if (key.type != operand::key) {
        unclear_ = unclear_ || (key.type == operand::other && does == use::unknown);
        continue;
      }
      key_use found{index, does, call.block, call.position};
      if (does == use::acquire) place(found);
      if (does != use::none) uses_[key.number].push_back(found);
    }
  }

  /// An NX in a condition has an effect where the condition says that it won.
  void place(key_use& found) const {
    for (std::size_t i = 1; i < script_.blocks.size(); ++i) {
      const lua_block& block = script_.blocks[i];
      if (std::find(block.asked.begin(), block.asked.end(), found.call) == block.asked.end())
        continue;
      found.block = block.negated ? block.parent : i;
      found.position = block.negated ? block.to : block.from;
      return;
    }
  }

  [[nodiscard]] bool is_inside(std::size_t inner, std::size_t outer) const {
    while (inner != outer && inner != 0) inner = script_.blocks[inner].parent;
    return inner == outer;
  }

  /// The blocks whose conditions decide whether the use happens.
  [[nodiscard]] std::vector<const lua_block*> conditions_of(const key_use& used) const {
    std::vector<const lua_block*> out;
    for (std::size_t i = 1; i < script_.blocks.size(); ++i) {
      const lua_block& block = script_.blocks[i];
      if (!block.conditional) continue;
      const bool around = is_inside(used.block, i);
      const bool left_before =
          block.exits && block.to <= used.position && is_inside(used.block, block.parent);
      if (around || left_before) out.push_back(&block);
    }
    return out;
  }

  [[nodiscard]] bool is_in_condition(std::size_t position) const {
    return std::any_of(script_.blocks.begin(), script_.blocks.end(), [&](const lua_block& block) {
      return block.condition_from <= position && position < block.condition_to;
    });
  }

  struct guards {
    bool any = false;         ///< a condition of any kind
    bool own = false;         ///< it asks for the state of the key
    bool other = false;       ///< it asks for something else
    bool own_exists = false;  ///< by EXISTS or HEXISTS
    unsigned token = 0;       ///< the argument that the key is compared with
    bool compared = false;    ///< a key is compared with an argument
  };

  [[nodiscard]] bool reads_key(unsigned call, unsigned key) const {
    const lua_call& asked = script_.calls[call];
    return !asked.arguments.empty() && asked.arguments[0].type == operand::key &&
           asked.arguments[0].number == key;
  }

  [[nodiscard]] guards guards_of(const key_use& used, unsigned key) const {
    guards out;
    for (const lua_block* const block : conditions_of(used)) {
      out.any = true;
      bool about_own = false;
      for (const unsigned call : block->asked) {
        if (call == used.call) {
          about_own = true;
          continue;
        }
        const bool is_own = reads_key(call, key);
        about_own = about_own || is_own;
        (is_own ? out.own : out.other) = true;
        const std::string& command = script_.calls[call].command;
        if (is_own && (command == "EXISTS" || command == "HEXISTS")) out.own_exists = true;
      }
      if (block->asked.empty() && !about_own) out.other = true;
    }
    for (const lua_compare& compare : script_.compares) {
      const bool applies = is_in_condition(compare.position) ? is_condition_of(compare, used)
                                                             : compare.position <= used.position;
      if (!applies) continue;
      out.any = out.compared = true;
      const bool is_own = reads_key(compare.call, key);
      (is_own ? out.own : out.other) = true;
      if (is_own && out.token == 0) out.token = compare.argument;
    }
    return out;
  }

  [[nodiscard]] bool is_condition_of(const lua_compare& compare, const key_use& used) const {
    const auto conditions = conditions_of(used);
    return std::any_of(conditions.begin(), conditions.end(), [&](const lua_block* block) {
      return block->condition_from <= compare.position && compare.position < block->condition_to;
    });
  }

  key_effect judge(unsigned key, const std::vector<key_use>& uses) {
    const auto first = [&](use wanted) {
      return std::find_if(uses.begin(), uses.end(),
                          [wanted](const key_use& u) { return u.does == wanted; });
    };
    const auto has = [&](use wanted) { return first(wanted) != uses.end(); };
    key_effect out;
    out.key = key;
    if (has(use::unknown)) return out;
    if (has(use::change)) {
      out.does = purpose::change;
      out.always = true;
      return out;
    }
    for (const use wanted : {use::acquire, use::store, use::count, use::remove, use::expire}) {
      if (!has(wanted)) continue;
      describe(out, *first(wanted), uses, wanted);
      return out;
    }
    describe_read(out, uses);
    return out;
  }

  /// Describes a key that the script writes. `deciding`: its first call of the kind that decides.
  void describe(key_effect& out, const key_use& deciding, const std::vector<key_use>& uses,
                use kind) {
    const guards guard = guards_of(deciding, out.key);
    const auto any = [&](use wanted) {
      return std::any_of(uses.begin(), uses.end(),
                         [wanted](const key_use& u) { return u.does == wanted; });
    };
    const bool expires = any(use::expire);
    const bool is_hash_lock = kind == use::count && guard.own_exists;
    // A queue's script keeps the data of its jobs in hashes.
    const bool is_job = is_queue_ && script_.calls[deciding.call].command.starts_with("H");
    if ((kind == use::count && !is_hash_lock) || is_job) {
      out.does = purpose::change;
      out.always = true;
      return;
    }
    note_arguments(out, uses);
    switch (kind) {
      case use::acquire: out.does = any(use::remove) ? purpose::unknown : purpose::acquire; break;
      case use::count:
        out.does = any(use::remove) ? purpose::compare_and_delete : purpose::acquire;
        break;
      case use::store: out.does = purpose_of_store(out, deciding, guard, uses, expires); break;
      case use::remove:
        out.does = guard.token != 0 ? purpose::compare_and_delete : purpose::del;
        out.token_argument = guard.token;
        break;
      default:
        out.does = guard.token != 0 ? purpose::compare_and_expire : purpose::compare;
        out.token_argument = guard.token;
        break;
    }
    if (out.does == purpose::acquire && out.token_argument == 0) {
      std::swap(out.token_argument, out.value_argument);
    }
    if (kind == use::count && guard.token != 0) out.token_argument = guard.token;
    // NX is a condition of its own.
    out.always = !guard.any && deciding.does != use::acquire;
    out.may_not_try = guard.other;
    note_replies(out, deciding, uses);
  }

  [[nodiscard]] purpose purpose_of_store(key_effect& out, const key_use& deciding,
                                         const guards& guard, const std::vector<key_use>& uses,
                                         bool expires) const {
    for (const key_use& used : uses) {
      if (used.does != use::remove) continue;
      // A key that is deleted and stored anew is stored. Any other delete is another branch.
      const bool is_before =
          used.position < deciding.position && is_inside(deciding.block, used.block);
      if (!is_before) return purpose::unknown;
    }
    const std::string& command = script_.calls[deciding.call].command;
    const bool is_hash = command == "HSET" || command == "HMSET";
    if (guard.own_exists && (!is_hash || expires)) return purpose::acquire;
    if (guard.token != 0) {
      out.token_argument = guard.token;
      const bool token_only = out.value_argument == guard.token;
      if (token_only) out.value_argument = 0;
      return token_only ? purpose::compare_and_expire : purpose::compare_and_store;
    }
    return guard.own || guard.compared ? purpose::compare_and_store : purpose::store;
  }

  void note_arguments(key_effect& out, const std::vector<key_use>& uses) const {
    script_seen noted;
    bool has_ttl = false;
    for (const key_use& used : uses) {
      const lua_call& call = script_.calls[used.call];
      note_arguments_of(call, noted);
      has_ttl = has_ttl || used.does == use::expire || sets_ttl(call);
    }
    out.token_argument = noted.token_argument;
    out.ttl_argument = noted.ttl_argument;
    out.value_argument = noted.value_argument;
    out.ttl_in_seconds = noted.ttl_in_seconds;
    out.no_ttl = !has_ttl;
  }

  /// Which replies show that the use happened, and which that it did not.
  void note_replies(key_effect& out, const key_use& deciding,
                    const std::vector<key_use>& uses) const {
    for (const lua_return& returned : script_.returns) {
      if (returned.type == lua_return::kind::result && returned.call == deciding.call &&
          deciding.does == use::acquire) {
        note_reply_of_nx(out, script_.calls[deciding.call].command);
        continue;
      }
      bool done = false;
      bool may_be = false;
      for (const key_use& used : uses) {
        if (used.does != deciding.does || used.position >= std::max<std::size_t>(returned.end, 1))
          continue;
        done = done || is_inside(returned.block, used.block);
        may_be = may_be || may_lead_to(used.block, returned.block);
      }
      for (const sign& reply : signs_of(returned)) {
        if (done || may_be) note(out.yes, reply);
        if (!done) note(out.no, reply);
      }
    }
  }

  /// Whether a script that has run the block may come to the other block, which it may also reach
  /// without it.
  [[nodiscard]] bool may_lead_to(std::size_t from, std::size_t to) const {
    for (; !is_inside(to, from); from = script_.blocks[from].parent) {
      if (script_.blocks[from].exits) return false;
      for (std::size_t other = to; other != 0; other = script_.blocks[other].parent) {
        const std::size_t chain = script_.blocks[other].chain;
        if (chain != 0 && chain == script_.blocks[from].chain) return false;
      }
    }
    return true;
  }

  static void note_reply_of_nx(key_effect& out, std::string_view command) {
    if (command == "SET") {
      note(out.yes, {.kind = reply_kind::status});
      note(out.no, {.kind = reply_kind::null});
    } else {
      note(out.yes, {.kind = reply_kind::integer, .any = false, .integer = 1});
      note(out.no, {.kind = reply_kind::integer, .any = false, .integer = 0});
    }
  }

  static void note(std::vector<sign>& into, const sign& reply) {
    const bool known = std::find(into.begin(), into.end(), reply) != into.end();
    if (!known && into.size() < key_effect::signs_max) into.push_back(reply);
  }

  [[nodiscard]] std::vector<sign> signs_of(const lua_return& returned) const {
    using kind = lua_return::kind;
    switch (returned.type) {
      case kind::null: return {{.kind = reply_kind::null}};
      case kind::integer:
        return {{.kind = reply_kind::integer, .any = false, .integer = returned.integer}};
      case kind::text:
        return {{.kind = reply_kind::text,
                 .any = false,
                 .content_digest = digest_of(texts_, returned.text)}};
      case kind::status: return {{.kind = reply_kind::status}};
      case kind::aggregate:
        return {{.kind = reply_kind::aggregate,
                 .any = !returned.begins_with_integer,
                 .integer = returned.integer}};
      case kind::error: return {{.kind = reply_kind::error}};
      case kind::result: return signs_of_result(script_.calls[returned.call]);
      case kind::other: break;
    }
    return {{.kind = reply_kind::missing}};
  }

  static std::vector<sign> signs_of_result(const lua_call& call) {
    static constexpr auto texts = std::to_array<std::string_view>(
        {"GET", "HGET", "GETSET", "GETDEL", "GETEX", "GETRANGE", "LPOP", "RPOP", "RPOPLPUSH"});
    static constexpr auto statuses =
        std::to_array<std::string_view>({"SETEX", "PSETEX", "HMSET", "MSET", "RESTORE"});
    if (is_one_of(call.command, texts)) {
      return {{.kind = reply_kind::text}, {.kind = reply_kind::null}};
    }
    if (call.command == "SET") {
      if (option_at(call, "GET") < call.arguments.size()) return {{.kind = reply_kind::missing}};
      return {{.kind = reply_kind::status}};
    }
    if (is_one_of(call.command, statuses)) return {{.kind = reply_kind::status}};
    const use does = use_of(call);
    const bool aggregate = call.command.ends_with("ALL") || call.command.ends_with("MGET") ||
                           call.command == "HKEYS" || call.command == "HVALS";
    if (aggregate) return {{.kind = reply_kind::aggregate}};
    if (does == use::read || does == use::remove || does == use::expire || does == use::store ||
        does == use::acquire || does == use::count) {
      return {{.kind = reply_kind::integer}};
    }
    return {{.kind = reply_kind::missing}};
  }

  /// Describes a key that the script only reads.
  void describe_read(key_effect& out, const std::vector<key_use>& uses) const {
    out.does = purpose::compare;
    const auto is_value_of_key = [&](const lua_return& returned) {
      const bool has_call = returned.type == lua_return::kind::result || returned.has_call;
      static constexpr auto values = std::to_array<std::string_view>({"GET", "HGET", "HGETALL"});
      return has_call && is_one_of(script_.calls[returned.call].command, values) &&
             std::any_of(uses.begin(), uses.end(),
                         [&](const key_use& used) { return used.call == returned.call; });
    };
    for (const lua_return& returned : script_.returns) {
      if (!is_value_of_key(returned)) {
        for (const sign& reply : signs_of(returned)) note(out.no, reply);
        continue;
      }
      // A table that always has the same form does not tell whether the value is in it.
      const bool is_table = returned.type == lua_return::kind::aggregate;
      if (is_table && !returned.begins_with_integer) continue;
      out.does = purpose::read;
      if (is_table) {
        note(out.yes, signs_of(returned).front());
      } else {
        note(out.yes,
             {.kind = script_.calls[returned.call].command == "HGETALL" ? reply_kind::aggregate
                                                                        : reply_kind::text});
      }
    }
    if (out.does == purpose::read) return;
    out.no.clear();
    // A script that only reads one key returns what it has read, in some form.
    const bool only_reads =
        uses_.size() == 1 &&
        std::all_of(script_.calls.begin(), script_.calls.end(), [](const lua_call& call) {
          return use_of(call) == use::read || use_of(call) == use::none;
        });
    if (only_reads) out.does = purpose::read;
  }

  const script_reading& script_;
  const hash_key& texts_;
  std::map<unsigned, std::vector<key_use>> uses_;
  bool is_queue_ = false;
  bool unclear_ = false;
};

}  // namespace

std::vector<script_seen::key_effect> effects_of(const script_reading& reading,
                                                const hash_key& texts) {
  return effect_finder{reading, texts}.find();
}

}  // namespace drover::audit
