// SPDX-License-Identifier: MIT
#include "audit/capture/script_facts.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "audit/capture/known_scripts.hpp"
#include "audit/capture/lua_signs.hpp"
#include "audit/capture/lua_text.hpp"
#include "audit/capture/script_arguments.hpp"
#include "audit/capture/script_effects.hpp"
#include "audit/capture/script_reading.hpp"

namespace drover::audit {
namespace {

using purpose = script_seen::purpose;
using operand = lua_operand::kind;

/// Derives the facts of a script from its calls and comparisons.
class judgement {
 public:
  explicit judgement(const script_reading& reading) : reading_{reading} {}

  void fill(script_seen& into) const {
    for (const lua_call& call : reading_.calls) {
      if (call.command.empty()) continue;
      const bool is_new =
          std::find(into.calls.begin(), into.calls.end(), call.command) == into.calls.end();
      if (is_new && into.calls.size() < event::arguments_max) into.calls.push_back(call.command);
    }
    into.does = judge();
    into.token_argument = reading_.compared_argument;
    for (const lua_call& call : reading_.calls) note_arguments_of(call, into);
    if (into.does == purpose::acquire) {
      if (into.token_argument == 0) std::swap(into.token_argument, into.value_argument);
      into.value_argument = 0;
      if (reading_.returns_nil && reading_.ends_with_state) into.says = script_seen::success::null;
    } else if (into.does != purpose::compare_and_store && into.does != purpose::store) {
      into.value_argument = 0;
    }
  }

 private:
  [[nodiscard]] bool calls(std::initializer_list<std::string_view> names) const {
    return std::any_of(reading_.calls.begin(), reading_.calls.end(), [&](const lua_call& call) {
      return std::find(names.begin(), names.end(), call.command) != names.end();
    });
  }

  [[nodiscard]] bool sets_if_absent() const {
    return calls({"SETNX", "HSETNX"}) ||
           std::any_of(reading_.calls.begin(), reading_.calls.end(), [](const lua_call& call) {
             return call.command == "SET" && option_at(call, "NX") < call.arguments.size();
           });
  }

  [[nodiscard]] bool stores() const {
    return calls({"SET", "SETEX", "PSETEX", "GETSET", "HSET", "HMSET", "SETRANGE"});
  }

  /// Whether the script only stores the token that it has compared. Such a script extends a lock.
  [[nodiscard]] bool stores_token_only() const {
    return std::all_of(reading_.calls.begin(), reading_.calls.end(), [this](const lua_call& call) {
      if (call.command == "SETEX" || call.command == "PSETEX") return is_token(call, 2);
      if (call.command == "SET") return is_token(call, 1);
      return call.command != "HSET" && call.command != "HMSET" && call.command != "GETSET" &&
             call.command != "SETRANGE";
    });
  }

  [[nodiscard]] bool is_token(const lua_call& call, std::size_t at) const {
    return at < call.arguments.size() && call.arguments[at].type == operand::argument &&
           call.arguments[at].number == reading_.compared_argument;
  }

  [[nodiscard]] purpose judge() const {
    const bool deletes = calls({"DEL", "UNLINK", "HDEL", "ZREM", "SREM"});
    const bool expires = calls({"EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"});
    const bool counts = calls({"INCR", "INCRBY", "HINCRBY"});
    if (sets_if_absent()) return purpose::acquire;
    if (calls({"EXISTS"}) && (calls({"HINCRBY", "HSET", "SET", "PSETEX", "SETEX"})) &&
        (expires || calls({"SET", "PSETEX", "SETEX"})) && !deletes) {
      return purpose::acquire;
    }
    if (reading_.compared_argument != 0) {
      if (deletes) return purpose::compare_and_delete;
      if (stores()) {
        return stores_token_only() ? purpose::compare_and_expire : purpose::compare_and_store;
      }
      if (expires) return purpose::compare_and_expire;
    }
    if (calls({"ZREMRANGEBYSCORE"}) && calls({"ZADD", "ZCARD", "ZCOUNT"})) {
      return purpose::rate_limit;
    }
    if (counts && (expires || calls({"PTTL", "TTL"}))) return purpose::rate_limit;
    if (stores()) return purpose::store;
    if (deletes) return purpose::del;
    return only_reads() ? purpose::read : purpose::unknown;
  }

  [[nodiscard]] bool only_reads() const {
    constexpr auto reads = std::to_array<std::string_view>(
        {"GET",  "MGET",     "HGET",   "HMGET",    "HGETALL",   "EXISTS", "TTL",
         "PTTL", "GETRANGE", "STRLEN", "SMEMBERS", "SISMEMBER", "LRANGE", "LINDEX",
         "LLEN", "ZRANGE",   "ZSCORE", "ZCARD",    "HEXISTS",   "TIME",   "TYPE"});
    return !reading_.calls.empty() &&
           std::all_of(reading_.calls.begin(), reading_.calls.end(), [&](const lua_call& call) {
             return std::find(reads.begin(), reads.end(), call.command) != reads.end();
           });
  }

  const script_reading& reading_;
};

script_seen facts_of(std::span<const lua_token> tokens, std::string_view keys,
                     std::string_view arguments, const hash_key& texts) {
  script_seen out;
  const script_reading reading = read_script(tokens, keys, arguments);
  judgement{reading}.fill(out);
  out.keys = effects_of(reading, texts);
  return out;
}

/// Finds the functions in the tokens of a library.
class library_reader {
 public:
  library_reader(std::span<const lua_token> tokens, const hash_key& texts)
      : tokens_{tokens}, texts_{texts} {}

  std::vector<script_seen> functions() const {
    std::vector<script_seen> out;
    constexpr std::size_t functions_max = 256;
    for (std::size_t at = 0; at + 1 < tokens_.size() && out.size() < functions_max; ++at) {
      if (tokens_[at].text != "register_function") continue;
      std::string name = registered_name(at + 1);
      if (name.empty()) continue;
      const std::size_t callback = find_function(at + 1);
      script_seen facts = facts_at(callback);
      facts.script = std::move(name);
      out.push_back(std::move(facts));
    }
    return out;
  }

 private:
  /// The name in `register_function('name', ...)` or
  /// `register_function{function_name='name', ...}`.
  [[nodiscard]] std::string registered_name(std::size_t open) const {
    for (std::size_t at = open; at < std::min(open + 40, tokens_.size()); ++at) {
      if (tokens_[at].type != lua_token::kind::text) continue;
      const bool is_first = at == open + 1;
      const bool is_named = at >= 2 && tokens_[at - 2].text == "function_name";
      if (is_first || is_named) return std::string{tokens_[at].text};
    }
    return {};
  }

  /// The index of the token `function` of the registered callback, which is written in place or
  /// referred to by its name. The number of tokens if it is not found.
  [[nodiscard]] std::size_t find_function(std::size_t open) const {
    std::string_view named;
    for (std::size_t at = open; at < tokens_.size() && !is_sign(tokens_[at], ")"); ++at) {
      if (tokens_[at].text == "function" && tokens_[at].type == lua_token::kind::name) return at;
      const bool is_value =
          at > 0 && (is_sign(tokens_[at - 1], ",") || is_sign(tokens_[at - 1], "="));
      if (tokens_[at].type == lua_token::kind::name && is_value) named = tokens_[at].text;
    }
    for (std::size_t at = 0; at + 2 < tokens_.size(); ++at) {
      if (tokens_[at].text == "function" && tokens_[at + 1].text == named) return at;
      if (tokens_[at].text == named && is_sign(tokens_[at + 1], "=") &&
          tokens_[at + 2].text == "function") {
        return at + 2;
      }
    }
    return tokens_.size();
  }

  [[nodiscard]] script_seen facts_at(std::size_t function) const {
    std::size_t at = function;
    while (at < tokens_.size() && !is_sign(tokens_[at], "(")) ++at;
    const std::string_view keys = at + 1 < tokens_.size() ? tokens_[at + 1].text : "";
    const std::string_view arguments = at + 3 < tokens_.size() ? tokens_[at + 3].text : "";
    return facts_of(
        tokens_.subspan(std::min(at, tokens_.size()), end_of(at) - std::min(at, tokens_.size())),
        keys, arguments, texts_);
  }

  /// The index after the `end` of the function whose parameters begin at `at`.
  [[nodiscard]] std::size_t end_of(std::size_t at) const {
    std::size_t depth = 1;
    for (; at < tokens_.size(); ++at) {
      const std::string_view word =
          tokens_[at].type == lua_token::kind::name ? tokens_[at].text : "";
      if (word == "if" || word == "do" || word == "function" || word == "repeat") ++depth;
      if ((word == "end" || word == "until") && --depth == 0) return at + 1;
    }
    return tokens_.size();
  }

  std::span<const lua_token> tokens_;
  const hash_key& texts_;
};

}  // namespace

script_seen facts_of_body(std::string_view sha1, std::string_view body, const hash_key& texts) {
  const std::vector<lua_token> tokens = lua_tokens(body);
  script_seen out = facts_of(tokens, "KEYS", "ARGV", texts);
  out.script = sha1;
  std::optional<script_seen> published = known_script(sha1, normalised_lua(body));
  if (!published) return out;
  published->calls = std::move(out.calls);
  // Keys that the script does not touch, such as the names of channels, are left alone.
  if (published->known_as.starts_with("drover ")) return *std::move(published);
  for (const script_seen::key_effect& effect : out.keys) {
    published->keys.push_back({.key = effect.key,
                               .does = published->does,
                               .token_argument = published->token_argument,
                               .ttl_argument = published->ttl_argument,
                               .value_argument = published->value_argument,
                               .ttl_in_seconds = published->ttl_in_seconds});
  }
  return *std::move(published);
}

std::optional<script_seen> facts_of_published(std::string_view sha1) {
  return known_script(sha1, {});
}

library_facts facts_of_library(std::string_view body, const hash_key& texts) {
  library_facts out;
  // The first line is "#!lua name=mylib".
  const std::string_view first = body.substr(0, body.find('\n'));
  const std::size_t named = first.find("name=");
  if (first.starts_with("#!") && named != std::string_view::npos) {
    out.name = first.substr(named + 5);
    out.name.resize(std::min(out.name.find_first_of(" \r"), out.name.size()));
    constexpr std::size_t library_name_max = 64;
    out.name.resize(std::min(out.name.size(), library_name_max));
    body.remove_prefix(first.size());
  }
  const std::vector<lua_token> tokens = lua_tokens(body);
  out.functions = library_reader{tokens, texts}.functions();
  return out;
}

}  // namespace drover::audit
