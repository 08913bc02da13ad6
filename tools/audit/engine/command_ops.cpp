// SPDX-License-Identifier: MIT
#include "audit/engine/command_ops.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <unordered_map>

namespace drover::audit {

namespace {

using kind = op_kind;
using outcome = op_outcome;
using condition = store_condition;

bool is_key(const field& argument) { return argument.kind == field_kind::key; }
bool is_word(const field& argument, std::string_view text) {
  return argument.kind == field_kind::word && argument.text == text;
}

const field* first_key(const command_reader& reader) {
  for (const field& argument : reader.command.arguments) {
    if (is_key(argument)) return &argument;
  }
  return nullptr;
}

/// The first value among the arguments.
digest value_of(const command_reader& reader) {
  for (const field& argument : reader.command.arguments) {
    if (argument.kind == field_kind::value) return argument.content_digest;
  }
  return {};
}

template <class F>
void each_key(const command_reader& reader, F&& use) {
  for (const field& argument : reader.command.arguments) {
    if (is_key(argument)) use(argument);
  }
}

/// Reads EX 5, PX 5000, EXAT, PXAT and KEEPTTL anywhere after the first argument.
void read_ttl_options(const command_reader& reader, op& operation) {
  const std::vector<field>& arguments = reader.command.arguments;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i].kind != field_kind::word) continue;
    const std::string& option = arguments[i].text;
    if (option == "KEEPTTL") operation.on_ttl = ttl_effect::kept;
    if (option != "EX" && option != "PX" && option != "EXAT" && option != "PXAT") continue;
    if (i + 1 >= arguments.size()) break;
    const std::optional<std::int64_t> number = number_of(arguments[i + 1]);
    if (!number) {
      operation.on_ttl = ttl_effect::unknown;
      continue;
    }
    const bool seconds = option[0] == 'E';
    std::int64_t ms = std::clamp(*number, -ttl_ms_max / 1000, ttl_ms_max / 1000);
    if (seconds) ms *= 1000;
    if (option.ends_with("AT")) ms -= reader.unix_ms + operation.done.count() / 1000;
    set_ttl(operation, ms);
    ++i;
  }
}

bool has_word(const command_reader& reader, std::string_view word) {
  const auto& arguments = reader.command.arguments;
  return std::any_of(arguments.begin(), arguments.end(),
                     [&](const field& f) { return is_word(f, word); });
}

outcome opposite(outcome result) {
  if (result == outcome::yes) return outcome::no;
  return result == outcome::no ? outcome::yes : result;
}

// --- reads

void read_key(const command_reader& reader, bool is_text) {
  const field* key = first_key(reader);
  if (key == nullptr) return;
  op& operation = reader.put(kind::read, *key);
  operation.outcome = read_outcome(reader.command.answer);
  operation.is_text = is_text;
  operation.part = !is_text;
  if (operation.outcome == outcome::yes) {
    operation.value = reader.command.answer.content_digest;
    if (!is_text) operation.value.length = 0;
  }
}

void read_text(const command_reader& reader) { read_key(reader, true); }
void read_aggregate(const command_reader& reader) { read_key(reader, false); }

/// GETRANGE returns an empty text for an absent key.
void read_range(const command_reader& reader) {
  read_key(reader, true);
  if (reader.out.empty()) return;
  op& operation = reader.out.back();
  operation.part = true;
  if (operation.outcome == outcome::yes && operation.value.length == 0)
    operation.outcome = outcome::no;
}

/// HMGET: a miss if every field is nil.
void read_fields(const command_reader& reader) {
  read_key(reader, false);
  const auto& items = reader.command.answer.items;
  if (reader.out.empty() || items.empty()) return;
  const bool none = std::all_of(items.begin(), items.end(), [](const reply_item& item) {
    return item.kind == reply_kind::null;
  });
  if (none) reader.out.back().outcome = outcome::no;
}

void read_many(const command_reader& reader) {
  const reply& answer = reader.command.answer;
  std::size_t at = 0;
  each_key(reader, [&](const field& key) {
    op& operation = reader.put(kind::read, key);
    if (answer.kind == reply_kind::error) operation.outcome = outcome::failed;
    if (at < answer.items.size()) {
      operation.outcome = read_outcome(answer.items[at]);
      if (operation.outcome == outcome::yes) operation.value = answer.items[at].content_digest;
    }
    ++at;
  });
}

void read_and_expire(const command_reader& reader) {
  read_text(reader);
  const field* key = first_key(reader);
  if (key == nullptr || reader.command.arguments.size() < 2) return;
  const outcome result = reader.out.back().outcome;
  op& operation = reader.put(kind::expire, *key);
  operation.outcome = result;
  read_ttl_options(reader, operation);
  if (operation.on_ttl == ttl_effect::set && operation.ttl <= moment::zero())
    operation.kind = kind::remove;
}

void read_and_remove(const command_reader& reader) {
  read_text(reader);
  const field* key = first_key(reader);
  if (key == nullptr) return;
  const outcome result = reader.out.back().outcome;
  reader.put(kind::remove, *key).outcome = result;
}

void check_existence(const command_reader& reader) {
  const reply_item& answer = reader.command.answer;
  std::size_t keys = 0;
  each_key(reader, [&](const field&) { ++keys; });
  each_key(reader, [&](const field& key) {
    op& operation = reader.put(kind::exists, key);
    if (answer.kind == reply_kind::error) {
      operation.outcome = outcome::failed;
    } else if (answer.kind == reply_kind::integer) {
      if (reader.command.command.ends_with("TTL") || reader.command.command.ends_with("TIME")) {
        operation.outcome = answer.integer == -2 ? outcome::no : outcome::yes;
      } else if (answer.integer <= 0) {
        operation.outcome = outcome::no;
      } else if (answer.integer >= static_cast<std::int64_t>(keys)) {
        operation.outcome = outcome::yes;
      }
    } else if (answer.kind == reply_kind::status) {
      operation.outcome = answer.word == "none" ? outcome::no : outcome::yes;
    }
  });
}

// --- stores

/// SET with all its options.
void set(const command_reader& reader) {
  const field* key = first_key(reader);
  if (key == nullptr) return;
  const reply_item& answer = reader.command.answer;
  const bool absent = has_word(reader, "NX");
  const bool present = has_word(reader, "XX");
  const bool equal = has_word(reader, "IFEQ") || has_word(reader, "IFNE") ||
                     has_word(reader, "IFDEQ") || has_word(reader, "IFDNE");
  const bool get = has_word(reader, "GET");
  op& operation = reader.put(absent ? kind::acquire : kind::store, *key);
  operation.value = value_of(reader);
  if (present) operation.condition = condition::present;
  if (equal) operation.condition = condition::equal;
  read_ttl_options(reader, operation);
  if (!get) {
    operation.outcome = write_outcome(answer);
  } else if (answer.kind == reply_kind::error) {
    operation.outcome = outcome::failed;
  } else if (answer.kind != reply_kind::missing && !equal) {
    const outcome was_there = read_outcome(answer);
    operation.outcome = absent ? opposite(was_there) : present ? was_there : outcome::yes;
    operation.tells_value = absent;
    operation.told = answer.content_digest;
  }
}

void set_for(const command_reader& reader, bool seconds) {
  const std::vector<field>& arguments = reader.command.arguments;
  if (arguments.size() < 3 || !is_key(arguments[0])) return;
  op& operation = reader.put(kind::store, arguments[0]);
  operation.outcome = write_outcome(reader.command.answer);
  operation.value = arguments[2].content_digest;
  operation.on_ttl = ttl_effect::unknown;
  if (const auto number = number_of(arguments[1])) {
    set_ttl(operation,
            std::clamp(*number, -ttl_ms_max / 1000, ttl_ms_max / 1000) * (seconds ? 1000 : 1));
  }
}
void set_for_seconds(const command_reader& reader) { set_for(reader, true); }
void set_for_ms(const command_reader& reader) { set_for(reader, false); }

void set_if_absent(const command_reader& reader) {
  const auto& arguments = reader.command.arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!is_key(arguments[i])) continue;
    op& operation = reader.put(kind::acquire, arguments[i]);
    operation.outcome = write_outcome(reader.command.answer);
    if (i + 1 < arguments.size()) operation.value = arguments[i + 1].content_digest;
  }
}

/// MSET, MSETEX.
void set_many(const command_reader& reader) {
  const auto& arguments = reader.command.arguments;
  const bool absent = has_word(reader, "NX");
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!is_key(arguments[i])) continue;
    op& operation = reader.put(absent ? kind::acquire : kind::store, arguments[i]);
    operation.outcome = write_outcome(reader.command.answer);
    if (has_word(reader, "XX")) operation.condition = condition::present;
    if (i + 1 < arguments.size()) operation.value = arguments[i + 1].content_digest;
    read_ttl_options(reader, operation);
  }
}

void read_and_set(const command_reader& reader) {
  read_text(reader);
  const field* key = first_key(reader);
  if (key == nullptr) return;
  const outcome result = reader.out.back().outcome;
  op& operation = reader.put(kind::store, *key);
  operation.value = value_of(reader);
  if (result != outcome::failed && result != outcome::unknown) operation.outcome = outcome::yes;
  if (result == outcome::failed) operation.outcome = result;
}

/// HSET, HMSET, HSETEX, SADD: a store into a part of the value. The digest combines all arguments
/// that are values.
void set_part(const command_reader& reader) {
  const field* key = first_key(reader);
  if (key == nullptr) return;
  op& operation = reader.put(kind::store, *key);
  operation.part = true;
  operation.is_text = false;
  operation.on_ttl = ttl_effect::kept;
  const reply_item& answer = reader.command.answer;
  if (answer.kind == reply_kind::error) {
    operation.outcome = outcome::failed;
  } else if (answer.kind != reply_kind::missing) {
    operation.outcome = outcome::yes;
  }
  std::uint64_t length = 0;
  for (const field& argument : reader.command.arguments) {
    if (argument.kind != field_kind::value) continue;
    length += argument.content_digest.length;
    operation.value.hash = operation.value.hash * 31 + argument.content_digest.hash;
    operation.value.looks = argument.content_digest.looks;
  }
  operation.value.length = length;
  if (reader.command.command != "HSETEX") return;
  operation.outcome = write_outcome(answer);  // 0: FNX or FXX did not hold
  read_ttl_options(reader, operation);
}

void set_json(const command_reader& reader) {
  set_part(reader);
  if (reader.out.empty()) return;
  op& operation = reader.out.back();
  operation.part = false;
  operation.on_ttl = ttl_effect::kept;
  if (reader.command.answer.kind == reply_kind::null) operation.outcome = outcome::no;
}

void restore(const command_reader& reader) {
  const auto& arguments = reader.command.arguments;
  if (arguments.size() < 3 || !is_key(arguments[0])) return;
  op& operation = reader.put(kind::store, arguments[0]);
  operation.outcome = write_outcome(reader.command.answer);
  operation.is_text = false;
  operation.on_ttl = ttl_effect::unknown;
  const auto number = number_of(arguments[1]);
  if (number && *number == 0) operation.on_ttl = ttl_effect::none;
  if (number && *number > 0 && !has_word(reader, "ABSTTL")) {
    set_ttl(operation, std::min(*number, ttl_ms_max));
  }
}

/// RENAME removes the first key and stores the second one with the ttl of the first. A RENAMENX
/// that did nothing shows that both keys exist.
void rename(const command_reader& reader) {
  const outcome result = write_outcome(reader.command.answer);
  if (result == outcome::no) {
    each_key(reader,
             [&](const field& key) { reader.put(kind::exists, key).outcome = outcome::yes; });
    return;
  }
  std::size_t at = 0;
  each_key(reader, [&](const field& key) {
    op& operation = reader.put(at == 0 ? kind::remove : kind::store, key);
    operation.outcome = result;
    if (at++ > 0) {
      operation.on_ttl = ttl_effect::unknown;
      operation.is_text = false;
    }
  });
}

void copy(const command_reader& reader) {
  std::size_t at = 0;
  each_key(reader, [&](const field& key) {
    if (at++ == 0) return;
    op& operation = reader.put(kind::store, key);
    operation.outcome = write_outcome(reader.command.answer);
    operation.on_ttl = ttl_effect::unknown;
    operation.is_text = false;
  });
}

// --- removals and ttls

void remove(const command_reader& reader) {
  std::int64_t keys = 0;
  each_key(reader, [&](const field&) { ++keys; });
  const reply_item& answer = reader.command.answer;
  each_key(reader, [&](const field& key) {
    op& operation = reader.put(kind::remove, key);
    if (answer.kind == reply_kind::error) operation.outcome = outcome::failed;
    if (answer.kind != reply_kind::integer) return;
    if (answer.integer <= 0) operation.outcome = outcome::no;
    if (answer.integer >= keys) operation.outcome = outcome::yes;
  });
}

/// DELEX key [IFEQ value], DELIFEQ key value.
void remove_if(const command_reader& reader) {
  const field* key = first_key(reader);
  if (key == nullptr) return;
  op& operation = reader.put(kind::compare_remove, *key);
  operation.outcome = write_outcome(reader.command.answer);
  operation.value = value_of(reader);
  if (reader.command.command == "DELEX" && reader.command.arguments.size() < 2)
    operation.kind = kind::remove;
}

void expire(const command_reader& reader) {
  const auto& arguments = reader.command.arguments;
  if (arguments.size() < 2 || !is_key(arguments[0])) return;
  op& operation = reader.put(kind::expire, arguments[0]);
  operation.outcome = write_outcome(reader.command.answer);
  operation.on_ttl = ttl_effect::unknown;
  const auto number = number_of(arguments[1]);
  if (!number) return;
  const std::string& name = reader.command.command;
  std::int64_t ms = std::clamp(*number, -ttl_ms_max / 1000, ttl_ms_max / 1000);
  if (name[0] == 'E') ms *= 1000;
  if (name.ends_with("AT")) ms -= reader.unix_ms + operation.done.count() / 1000;
  set_ttl(operation, ms);
  if (operation.ttl <= moment::zero()) operation.kind = kind::remove;
}

void persist(const command_reader& reader) {
  if (const field* key = first_key(reader)) {
    reader.put(kind::expire, *key).outcome = write_outcome(reader.command.answer);
  }
}

// --- all other commands

void change(const command_reader& reader) {
  const reply_item& answer = reader.command.answer;
  each_key(reader, [&](const field& key) {
    op& operation = reader.put(kind::change, key);
    operation.is_text = false;
    if (answer.kind == reply_kind::error) {
      operation.outcome = outcome::failed;
    } else if (answer.kind != reply_kind::missing) {
      operation.outcome = outcome::yes;
    }
  });
}

/// Commands that name keys but neither read nor change them in a way that matters here.
constexpr std::array<std::string_view, 13> commands_without_ops{"WATCH",
                                                                "TOUCH",
                                                                "DUMP",
                                                                "MEMORY USAGE",
                                                                "OBJECT ENCODING",
                                                                "OBJECT FREQ",
                                                                "OBJECT IDLETIME",
                                                                "OBJECT REFCOUNT",
                                                                "DEBUG OBJECT",
                                                                "MIGRATE",
                                                                "SCAN",
                                                                "KEYS",
                                                                "CLUSTER KEYSLOT"};

using handler = void (*)(const command_reader&);

const std::unordered_map<std::string_view, handler>& table() {
  static const std::unordered_map<std::string_view, handler> handlers{
      {"GET", read_text},
      {"GETRANGE", read_range},
      {"SUBSTR", read_range},
      {"JSON.GET", read_text},
      {"MGET", read_many},
      {"JSON.MGET", read_many},
      {"HGETALL", read_aggregate},
      {"HGET", read_aggregate},
      {"HMGET", read_fields},
      {"HKEYS", read_aggregate},
      {"HVALS", read_aggregate},
      {"SMEMBERS", read_aggregate},
      {"LRANGE", read_aggregate},
      {"ZRANGE", read_aggregate},
      {"ZREVRANGE", read_aggregate},
      {"ZRANGEBYSCORE", read_aggregate},
      {"GETEX", read_and_expire},
      {"GETDEL", read_and_remove},
      {"GETSET", read_and_set},
      {"EXISTS", check_existence},
      {"TTL", check_existence},
      {"PTTL", check_existence},
      {"EXPIRETIME", check_existence},
      {"PEXPIRETIME", check_existence},
      {"TYPE", check_existence},
      {"STRLEN", check_existence},
      {"SET", set},
      {"SETEX", set_for_seconds},
      {"PSETEX", set_for_ms},
      {"SETNX", set_if_absent},
      {"MSETNX", set_if_absent},
      {"MSET", set_many},
      {"MSETEX", set_many},
      {"HSET", set_part},
      {"HMSET", set_part},
      {"HSETEX", set_part},
      {"SADD", set_part},
      {"JSON.SET", set_json},
      {"RESTORE", restore},
      {"RENAME", rename},
      {"RENAMENX", rename},
      {"COPY", copy},
      {"DEL", remove},
      {"UNLINK", remove},
      {"DELEX", remove_if},
      {"DELIFEQ", remove_if},
      {"EXPIRE", expire},
      {"PEXPIRE", expire},
      {"EXPIREAT", expire},
      {"PEXPIREAT", expire},
      {"PERSIST", persist},
  };
  return handlers;
}

}  // namespace

std::string_view known_command(std::string_view name) {
  const auto at = table().find(name);
  return at == table().end() ? std::string_view{} : at->first;
}

bool ops_of_command(const command_reader& reader) {
  const auto at = table().find(reader.command.command);
  if (at == table().end()) {
    const auto ignored =
        std::find(commands_without_ops.begin(), commands_without_ops.end(), reader.command.command);
    if (ignored == commands_without_ops.end()) change(reader);
    return ignored != commands_without_ops.end();
  }
  at->second(reader);
  return true;
}

}  // namespace drover::audit
