// SPDX-License-Identifier: MIT
// The commands on keys.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "world/command_handlers.hpp"
#include "world/keys.hpp"
#include "world/pushes.hpp"
#include "world/reply_writer.hpp"

namespace drover::world {
namespace {

/// The options after SET, key and value.
set_options read_set_options(const running& by) {
  set_options read;
  const auto& words = by.arguments;
  for (std::size_t i = 3; i < words.size(); ++i) {
    const std::string word = lower_case(words[i]);
    const bool has_more = i + 1 < words.size();
    if (word == "get" || word == "exat" || word == "pxat" || word == "ifeq") {
      throw unsupported_request{"the model of the server does not know the option of SET: " + word};
    }
    if (word == "nx" && read.condition != set_condition::if_present) {
      read.condition = set_condition::if_missing;
    } else if (word == "xx" && read.condition != set_condition::if_missing) {
      read.condition = set_condition::if_present;
    } else if (word == "keepttl" && !read.ttl_ms && !read.ttl_s) {
      read.keeps_ttl = true;
    } else if (word == "px" && has_more && !read.keeps_ttl && !read.ttl_s) {
      read.ttl_ms = words[++i];
    } else if (word == "ex" && has_more && !read.keeps_ttl && !read.ttl_ms) {
      read.ttl_s = words[++i];
    } else {
      throw error_reply{std::string{syntax_error}};
    }
  }
  return read;
}

/// Whether the reply follows the push for everything: Redis 8 flushes in the background.
bool reply_is_last(const running& by, bool is_async) {
  return by.on.settings.family == server_family::redis_8_0 && !is_async;
}

template <class Clear>
void flush(running& by, Clear clear) {
  const auto& words = by.arguments;
  const std::string mode = words.size() > 1 ? lower_case(words[1]) : "sync";
  if (words.size() > 2 || (mode != "sync" && mode != "async")) {
    throw error_reply{std::string{syntax_error}};
  }
  clear();
  tell_of_flush(by);
  if (reply_is_last(by, mode == "async")) write_own_pushes(by);
  write_ok(by.out());
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string low{text};
  for (char& c : low) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return low;
}

void run_del(running& by) {
  std::int64_t removed = 0;
  for (const std::string_view key : by.arguments.subspan(1)) removed += remove(by, key) ? 1 : 0;
  write_integer(by.out(), removed);
}

void run_exists(running& by) {
  std::int64_t count = 0;
  for (const std::string_view key : by.arguments.subspan(1)) {
    if (look_up(by, key) != nullptr) ++count;
  }
  write_integer(by.out(), count);
}

void run_flushall(running& by) {
  flush(by, [&by] {
    for (database& keys : by.on.databases) keys.clear();
  });
}

void run_flushdb(running& by) {
  flush(by, [&by] { by.keys().clear(); });
}

void run_get(running& by) {
  const auto value = get(by, by.arguments[1]);
  if (!value) return write_null(by.out(), by.is_resp3());
  write_bulk(by.out(), *value);
}

void run_getrange(running& by) {
  const std::int64_t from = integer_in(by.arguments[2]);
  const std::int64_t to = integer_in(by.arguments[3]);
  write_bulk(by.out(), get_range(by, by.arguments[1], from, to));
}

void run_hset(running& by) {
  const auto& words = by.arguments;
  if (words.size() % 2 != 0) {
    throw error_reply{"ERR wrong number of arguments for 'hset' command"};
  }
  stored_value* found = look_up(by, words[1]);
  if (found != nullptr && !found->is_hash) {
    throw error_reply{"WRONGTYPE Operation against a key holding the wrong kind of value"};
  }
  if (found == nullptr) {
    found = &by.keys()[std::string{words[1]}];
    found->is_hash = true;
  }
  std::int64_t added = 0;
  for (std::size_t i = 2; i < words.size(); i += 2) {
    const bool is_new =
        found->fields.insert_or_assign(std::string{words[i]}, std::string{words[i + 1]}).second;
    added += is_new ? 1 : 0;
  }
  write_integer(by.out(), added);
  tell_of_change(by.on, &by, words[1]);
}

void run_pexpire(running& by) {
  if (by.arguments.size() > 3) {
    throw unsupported_request{"the model of the server does not know the options of PEXPIRE"};
  }
  const bool is_set = set_ttl(by, by.arguments[1], by.arguments[2]);
  write_integer(by.out(), is_set ? 1 : 0);
}

void run_pexpiretime(running& by) {
  const stored_value* const found = look_up(by, by.arguments[1]);
  write_integer(by.out(), found == nullptr ? -2 : found->ends_ms.value_or(-1));
}

void run_pttl(running& by) {
  const stored_value* const found = look_up(by, by.arguments[1]);
  if (found == nullptr || !found->ends_ms) {
    return write_integer(by.out(), found == nullptr ? -2 : -1);
  }
  const auto now = std::chrono::floor<milliseconds>(by.at.ttl_base).count();
  write_integer(by.out(), std::max<std::int64_t>(0, *found->ends_ms - now));
}

void run_set(running& by) {
  const set_options with = read_set_options(by);
  if (!set(by, by.arguments[1], by.arguments[2], with)) {
    return write_null(by.out(), by.is_resp3());
  }
  write_ok(by.out());
}

void run_setrange(running& by) {
  const std::int64_t offset = integer_in(by.arguments[2]);
  write_integer(by.out(), set_range(by, by.arguments[1], offset, by.arguments[3]));
}

}  // namespace drover::world
