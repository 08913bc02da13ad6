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
set_options read_set_options(const running& request) {
  set_options read;
  const auto& words = request.arguments;
  for (std::size_t i = 3; i < words.size(); ++i) {
    const std::string word = lower_case(words[i]);
    const bool has_more = i + 1 < words.size();
    const bool is_valkey = request.server.settings.family == server_family::valkey_8_1;
    if (word == "exat" || word == "pxat" || (word == "ifeq" && is_valkey)) {
      throw unsupported_request{"the model of the server does not know the option of SET: " + word};
    }
    if (word == "nx" && read.condition != set_condition::if_present) {
      read.condition = set_condition::if_missing;
    } else if (word == "xx" && read.condition != set_condition::if_missing) {
      read.condition = set_condition::if_present;
    } else if (word == "get") {
      read.returns_old = true;
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
bool reply_is_last(const running& request, bool is_async) {
  return request.server.settings.family == server_family::redis_8_0 && !is_async;
}

/// Of the keys that are watched, those that exist count as changed by a flush.
void note_flush(running& request, bool of_all_databases) {
  for (const connection_number number : request.server.watchers) {
    const auto watcher = request.server.clients.find(number);
    if (watcher == request.server.clients.end()) continue;
    session_state& session = watcher->second.session;
    const database& keys = request.server.databases[session.database_index];
    if (!of_all_databases && &keys != &request.keys()) continue;
    for (auto& [key, had_ended] : session.watched) {
      if (!keys.contains(key)) continue;
      if (!had_ended) session.has_lost = true;
      had_ended = false;
    }
  }
}

template <class Clear>
void flush(running& request, bool of_all_databases, Clear clear) {
  const auto& words = request.arguments;
  const std::string mode = words.size() > 1 ? lower_case(words[1]) : "sync";
  if (words.size() > 2 || (mode != "sync" && mode != "async")) {
    throw error_reply{std::string{syntax_error}};
  }
  note_flush(request, of_all_databases);
  clear();
  tell_of_flush(request);
  if (reply_is_last(request, mode == "async")) write_own_pushes(request);
  write_ok(request.out());
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string low{text};
  for (char& c : low) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return low;
}

void run_del(running& request) {
  std::int64_t removed = 0;
  for (const std::string_view key : request.arguments.subspan(1))
    removed += remove(request, key) ? 1 : 0;
  write_integer(request.out(), removed);
}

void run_exists(running& request) {
  std::int64_t count = 0;
  for (const std::string_view key : request.arguments.subspan(1)) {
    if (look_up(request, key) != nullptr) ++count;
  }
  write_integer(request.out(), count);
}

void run_flushall(running& request) {
  flush(request, true, [&request] {
    for (database& keys : request.server.databases) keys.clear();
  });
}

void run_flushdb(running& request) {
  flush(request, false, [&request] { request.keys().clear(); });
}

void run_get(running& request) {
  const auto value = get(request, request.arguments[1]);
  if (!value) return write_null(request.out(), request.is_resp3());
  write_bulk(request.out(), *value);
}

void run_getrange(running& request) {
  const std::int64_t from = integer_in(request.arguments[2]);
  const std::int64_t to = integer_in(request.arguments[3]);
  write_bulk(request.out(), get_range(request, request.arguments[1], from, to));
}

void run_hset(running& request) {
  const auto& words = request.arguments;
  if (words.size() % 2 != 0) {
    throw error_reply{"ERR wrong number of arguments for 'hset' command"};
  }
  stored_value* found = look_up(request, words[1]);
  if (found != nullptr && !found->is_hash) {
    throw error_reply{"WRONGTYPE Operation against a key holding the wrong kind of value"};
  }
  if (found == nullptr) {
    found = &request.keys()[std::string{words[1]}];
    found->is_hash = true;
  }
  std::int64_t added = 0;
  for (std::size_t i = 2; i < words.size(); i += 2) {
    const bool is_new =
        found->fields.insert_or_assign(std::string{words[i]}, std::string{words[i + 1]}).second;
    added += is_new ? 1 : 0;
  }
  write_integer(request.out(), added);
  tell_of_change(request.server, &request, words[1]);
}

void run_pexpire(running& request) {
  if (request.arguments.size() > 3) {
    throw unsupported_request{"the model of the server does not know the options of PEXPIRE"};
  }
  const bool is_set = set_ttl(request, request.arguments[1], request.arguments[2]);
  write_integer(request.out(), is_set ? 1 : 0);
}

void run_pexpiretime(running& request) {
  const stored_value* const found = look_up(request, request.arguments[1]);
  write_integer(request.out(), found == nullptr ? -2 : found->ends_ms.value_or(-1));
}

void run_pttl(running& request) {
  const stored_value* const found = look_up(request, request.arguments[1]);
  if (found == nullptr || !found->ends_ms) {
    return write_integer(request.out(), found == nullptr ? -2 : -1);
  }
  const auto now = std::chrono::floor<milliseconds>(request.at.ttl_base).count();
  write_integer(request.out(), std::max<std::int64_t>(0, *found->ends_ms - now));
}

void run_set(running& request) {
  const set_options with = read_set_options(request);
  if (with.returns_old) {
    const auto old = get(request, request.arguments[1]);
    static_cast<void>(set(request, request.arguments[1], request.arguments[2], with));
    if (!old) return write_null(request.out(), request.is_resp3());
    return write_bulk(request.out(), *old);
  }
  if (!set(request, request.arguments[1], request.arguments[2], with)) {
    return write_null(request.out(), request.is_resp3());
  }
  write_ok(request.out());
}

void run_setrange(running& request) {
  const std::int64_t offset = integer_in(request.arguments[2]);
  write_integer(request.out(),
                set_range(request, request.arguments[1], offset, request.arguments[3]));
}

}  // namespace drover::world
