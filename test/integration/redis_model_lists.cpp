// SPDX-License-Identifier: MIT
#include "integration/redis_model_lists.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "base/printing.hpp"
#include "base/random.hpp"
#include "entry/envelope.hpp"
#include "lease/commands.hpp"
#include "resp/request_reader.hpp"
#include "support/lease_client.hpp"

namespace drover::test {
namespace {

using namespace std::chrono_literals;
using entry::envelope;
using entry::kind;
using entry::token;
using action = list_step::action;
using words = std::vector<std::string>;

constexpr std::uint64_t digest = 0x0123'4567'89AB'CDEF;

/// The requests in bytes that the library writes.
std::vector<words> requests_in(std::string_view bytes) {
  std::vector<words> read;
  resp::request_reader reader;
  resp::request into;
  while (!bytes.empty()) {
    bytes.remove_prefix(reader.read(bytes, into).consumed);
    words request;
    for (std::size_t i = 0; i < into.arguments.size(); ++i) request.emplace_back(into[i]);
    read.push_back(std::move(request));
    into.clear();
  }
  return read;
}

class dice {
 public:
  dice(std::uint64_t seed, server_time now) : source_{seed}, now_{now} {}

  std::uint64_t below(std::uint64_t end) { return source_.next() % end; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <class Value, std::size_t Count>
  Value pick(const Value (&values)[Count]) {
    return values[below(Count)];
  }
  std::string word(std::initializer_list<std::string_view> choices) {
    return std::string{*(choices.begin() + below(choices.size()))};
  }

  token some_token() { return token_of(static_cast<char>('a' + below(4))); }
  std::string some_key() { return compared_keys()[below(compared_keys().size())]; }
  std::string value_key() { return compared_keys()[below(2)]; }
  std::string channel() { return word({"w1", "w2", "w3"}); }
  std::string some_channel_or_none() { return one_in(4) ? "" : channel(); }
  milliseconds some_time() {
    return milliseconds{pick<std::int64_t>({0, 1, 2, 5, 30, 60'000, 600'000, 600'000})};
  }
  milliseconds some_ttl() {
    return milliseconds{pick<std::int64_t>({1, 3, 40, 60'000, 3'600'000, 3'600'000})};
  }
  std::uint32_t some_number() { return pick<std::uint32_t>({0, 1, 255, 0x0D0A'0D0A, 0xFFFF'FFFF}); }
  std::string some_integer() {
    return word({"0", "1", "2", "5", "63", "64", "-1", "-5", "700", "60000", "9223372036854775807",
                 "-9223372036854775808", "9223372036854775808", "x", "", "1.5", " 1", "+1", "01"});
  }
  std::string some_bytes() {
    std::string bytes(below(40), '\0');
    for (char& byte : bytes) byte = static_cast<char>(below(256));
    return bytes;
  }

  /// Any string: an entry of ours, one with damaged bytes, a newer one, one cut short, or none.
  std::string some_entry() {
    envelope head{.kind = static_cast<kind>(below(5)),
                  .flags = static_cast<std::uint8_t>(below(one_in(3) ? 256 : 4)),
                  .stored_at = now_ - some_time(),
                  .until = now_ + some_time() - some_time(),
                  .produced_by = one_in(12) ? token{} : some_token(),
                  .digest = digest};
    const std::string payload = some_bytes();
    if (head.kind == kind::value) head.grace = some_time();
    if (head.kind == kind::value || head.kind == kind::absent) head.load_us = some_number();
    if (head.kind == kind::pending || head.kind == kind::failed) head.attempts = some_number();
    if (head.kind == kind::pending) head.holder_client_id = below(1000);
    std::string bytes = entry::encode(head, payload);
    switch (below(8)) {
      case 0: return some_bytes();
      case 1: return bytes.substr(0, below(65));
      case 2: bytes[1] = static_cast<char>(below(256)); return bytes;
      case 3: bytes[pick<std::size_t>({8, 16, 40})] = '\xFF'; return bytes;
      case 4:
        for (int i = 0; i < 3; ++i) bytes[below(64)] = static_cast<char>(below(256));
        return bytes;
      default: return bytes;
    }
  }

  std::vector<words> script() {
    std::string out;
    const std::string key = one_in(20) ? some_key() : value_key();
    switch (below(16)) {
      case 0: lease::write_renew(out, key, some_token(), some_time(), some_number()); break;
      case 1:
        lease::write_promote(out, key, some_token(), some_token(), some_time(), some_ttl(),
                             some_number());
        break;
      case 2:
      case 3:
      case 4: lease::write_fill(out, some_fill(key)); break;
      case 5: {
        const std::string text = one_in(2) ? "" : some_bytes();
        const std::string wake = some_channel_or_none();
        lease::write_failure(out, {.value_key = key,
                                   .held = some_token(),
                                   .attempts = some_number(),
                                   .failure = entry::failure_class::cancelled,
                                   .pause = some_time(),
                                   .key_ttl = some_ttl(),
                                   .digest = digest,
                                   .text = text,
                                   .wake_channel = wake});
        break;
      }
      case 6: lease::write_release(out, key, some_token(), some_channel_or_none()); break;
      case 7:
        lease::write_uncacheable(out, key, some_token(), some_ttl(), some_channel_or_none());
        break;
      case 8: lease::write_expire(out, key, some_token()); break;
      case 9: lease::write_refresh_mark_extend(out, mark_key(), some_token(), some_ttl()); break;
      case 10: lease::write_refresh_mark_release(out, mark_key(), some_token()); break;
      default: write_some_lease(out, key);
    }
    return requests_in(out);
  }

  /// What the library sends besides scripts.
  std::vector<words> library_request() {
    std::string out;
    switch (below(10)) {
      case 0: lease::write_time(out); break;
      case 1: lease::write_ping(out, below(1'000'000)); break;
      case 2:
        lease::write_refresh_mark(out, mark_key(), value_key(), some_token(), some_ttl());
        break;
      case 3: lease::write_tracking(out, !one_in(3)); break;
      case 4: lease::write_canary(out, compared_keys()[3]); break;
      case 5: lease::write_subscribe(out, channel()); break;
      case 6: lease::write_unsubscribe(out, channel()); break;
      case 7: return {invalidation()};
      case 8: return {{"CLIENT", "LIST", "ID", holder(), holder()}};
      default: lease::write_get(out, some_key());
    }
    return requests_in(out);
  }

  /// What others send, and what nobody should.
  words other_request() {
    switch (below(26)) {
      case 0: return {"HELLO", word({"3", "3", "2", "4", "x"})};
      case 1: return {"HELLO", "3", "AUTH", word({"default", "nobody"}), "secret"};
      case 2: return {"HELLO", "3", "SETNAME", word({"name", "two words", ""})};
      case 3: return {"INFO", word({"server", "persistence", "replication", "SERVER"})};
      case 4: return {"SELECT", word({"0", "0", "0", "1", "16", "-1", "x"})};
      case 5: return {"CLIENT", "TRACKING", word({"ON", "on", "OFF", "x"})};
      case 6:
        return {"CLIENT", "TRACKING", word({"ON", "OFF"}),
                word({"OPTIN", "OPTOUT", "NOLOOP", "x"})};
      case 7: return {"CLIENT", "CACHING", word({"YES", "YES", "NO", "x"})};
      case 8: return {"SCRIPT", "EXISTS", sha1(), sha1()};
      case 9: return {"EVALSHA", sha1(), some_integer(), value_key()};
      case 10: return {"PUBLISH", channel(), some_bytes()};
      case 11: return {"GETRANGE", some_key(), some_integer(), some_integer()};
      case 12: return {"SETRANGE", value_key(), word({"0", "3", "60", "-1", "x"}), some_bytes()};
      case 13: return {"PEXPIRE", some_key(), some_integer()};
      case 14: return {word({"PTTL", "PEXPIRETIME", "EXISTS", "get"}), some_key()};
      case 15: return some_set();
      case 16: return {"DEL", some_key(), some_key()};
      case 17: return {"HSET", value_key(), "field", "theirs"};
      case 18: return {"CLIENT", word({"ID", "GETNAME", "id"})};
      case 19: return {"CLIENT", "SETNAME", word({"plain", "with space", ""})};
      case 20: return {"CLIENT", "LIST", "ID", word({"x", "999999", "-1"}), holder()};
      case 21: return {"UNSUBSCRIBE"};
      case 22: return {"AUTH", word({"default", "nobody"}), "secret"};
      case 23: return {"CLIENT", "KILL", "ID", "999999"};
      case 24: return {"EXISTS", some_key(), some_key(), some_key()};
      default: return one_in(3) ? words{word({"FLUSHALL", "FLUSHDB"})} : words{"PING"};
    }
  }

  /// With a wrong number of words, or in other letters.
  words damaged(words request) {
    const std::string first = request[0];
    if (one_in(2)) {
      for (char& c : request[0]) c = static_cast<char>(c ^ (below(2) == 0 ? 0 : 0x20));
    } else if (first != "EVALSHA" && first != "PEXPIRE" && first != "SET") {
      if (one_in(2)) {
        request.pop_back();
      } else {
        request.emplace_back("more");
      }
    }
    if (request.empty()) request = {"PING", "a", "b"};
    return request;
  }

  words stored_entry() {
    words set{"SET", value_key(), some_entry()};
    if (!one_in(3)) set.insert(set.end(), {"PX", std::to_string(some_ttl().count())});
    return set;
  }

  std::string refusable_command() {
    return word({"get",
                 "getrange",
                 "set",
                 "setrange",
                 "del",
                 "unlink",
                 "exists",
                 "pexpire",
                 "time",
                 "evalsha",
                 "script|load",
                 "publish",
                 "subscribe",
                 "client|list",
                 "client|tracking",
                 "client|caching",
                 "info",
                 "select",
                 "ping",
                 "watch",
                 "multi",
                 "exec"});
  }

 private:
  std::string mark_key() { return compared_keys()[2]; }
  std::string holder() { return word({"@id0", "@id1", "@id2", "999999"}); }
  std::string sha1() {
    std::string digits{lease::scripts()[below(lease::scripts().size())].sha1};
    if (one_in(4)) return std::string(below(3) == 0 ? 39 : 40, 'a');
    if (one_in(4)) {
      for (char& c : digits) c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
    }
    return digits;
  }
  words invalidation() {
    words request{"UNLINK", some_key()};
    if (one_in(2)) request.push_back(some_key());
    return request;
  }
  words some_set() {
    words set{"SET", some_key(), one_in(2) ? some_token_text() : some_bytes()};
    for (std::uint64_t more = below(3); more > 0; --more) {
      const std::string option = word({"NX", "XX", "KEEPTTL", "PX", "EX", "px", "x"});
      set.push_back(option);
      if (option.size() == 2 && option != "NX" && option != "XX") set.push_back(some_integer());
    }
    return set;
  }
  std::string some_token_text() { return std::string{some_token().view()}; }

  lease::fill_request some_fill(std::string_view key) {
    payload_ = some_bytes();
    wake_ = some_channel_or_none();
    const token expected = some_token();
    return {.value_key = key,
            .expected = expected,
            .produced_by = one_in(2) ? expected : some_token(),
            .absent = one_in(4),
            .load_time = microseconds{some_number()},
            .times = {some_time(), some_time(), some_ttl()},
            .digest = digest,
            .payload = payload_,
            .wake_channel = wake_,
            .loaded_at = one_in(3) ? server_time{} : now_ + some_time() - some_time()};
  }

  void write_some_lease(std::string& out, std::string_view key) {
    lease::write_lease(out,
                       {.value_key = key,
                        .attempt = some_token(),
                        .lease_ttl = some_time(),
                        .pending_ttl = some_ttl(),
                        .notify = one_in(3),
                        .previous = one_in(2) ? token{} : some_token(),
                        .refused = one_in(3) ? some_token() : token{},
                        .client_id = some_number(),
                        .digest = digest,
                        .stored_from = now_ - some_time(),
                        .failure_pause_max = one_in(2) ? 1h : some_time()},
                       !one_in(3));
  }

  base::seeded_random source_;
  server_time now_;
  std::string payload_;
  std::string wake_;
};

/// The time arguments of scripts: integers that the library would never send.
void damage_times(dice& random, words& request) {
  if (request[0] != "EVALSHA" || request.size() < 6) return;
  const std::size_t which = 4 + random.below(request.size() - 4);
  const bool is_number =
      std::ranges::all_of(request[which], [](char c) { return c >= '0' && c <= '9'; });
  if (is_number && !request[which].empty()) {
    request[which] = random.word({"0", "-1", "9223372036854775807", "-9223372036854775808"});
  } else if (request[which].size() == 16 || request[which].size() == 8) {
    request[which] = random.some_bytes();
  }
}

void add(std::vector<list_step>& to, std::size_t connection, words request) {
  to.push_back({.does = action::request, .connection = connection, .words = std::move(request)});
}

void add_greeting(dice& random, std::vector<list_step>& to, std::size_t connection) {
  if (!random.one_in(25)) add(to, connection, {"HELLO", "3"});
  if (!random.one_in(4)) add(to, connection, {"CLIENT", "TRACKING", "ON", "OPTIN", "NOLOOP"});
}

void add_scripts(std::vector<list_step>& to, std::size_t connection) {
  std::string load;
  lease::write_load_scripts(load);
  for (words& request : requests_in(load)) add(to, connection, std::move(request));
}

/// What the library sends where scripts are refused; another connection may get in between.
void add_transaction(dice& random, std::vector<list_step>& to, std::size_t connection) {
  const std::string key = random.value_key();
  if (random.one_in(3)) {
    return add(to, connection, {"SET", key, random.some_bytes(), "NX", "GET", "PX", "600000"});
  }
  if (random.one_in(10)) {
    return add(to, connection, {random.word({"EXEC", "DISCARD", "UNWATCH"})});
  }
  add(to, connection, {"WATCH", key});
  add(to, connection, {"GET", key});
  if (random.one_in(3)) add(to, random.below(compared_connections), {"SET", key, "other"});
  if (random.one_in(20)) add(to, random.below(compared_connections), {"FLUSHALL"});
  add(to, connection, {"MULTI"});
  if (random.one_in(5)) return add(to, connection, {"DISCARD"});
  switch (random.below(4)) {
    case 0: add(to, connection, {"DEL", key}); break;
    case 1: add(to, connection, {"SET", key, random.some_bytes(), "KEEPTTL"}); break;
    case 2: add(to, connection, {"SET", key, random.some_bytes(), "PX", "x"}); break;
    default: add(to, connection, {"SET", key, random.some_bytes(), "PX", "600000"});
  }
  if (random.one_in(5)) add(to, connection, {"GET", key, "more"});
  add(to, connection, {"EXEC"});
}

void add_requests(dice& random, std::vector<list_step>& to) {
  const std::size_t connection = random.below(compared_connections);
  const std::uint64_t choice = random.below(22);
  if (choice >= 20) return add_transaction(random, to, connection);
  if (choice < 3) return add(to, connection, random.stored_entry());
  if (choice < 5) return add(to, connection, random.other_request());
  if (choice == 5) return add(to, connection, random.damaged(random.other_request()));
  for (words& request : choice < 14 ? random.script() : random.library_request()) {
    if (random.one_in(12)) damage_times(random, request);
    add(to, connection, std::move(request));
  }
}

void add_change(dice& random, std::vector<list_step>& to) {
  const auto on = static_cast<int>(random.below(2));
  const auto change = [&](action does, words which = {}) {
    to.push_back({.does = does, .words = std::move(which), .number = on});
  };
  switch (random.below(6)) {
    case 0:
    case 1: return change(action::fill_memory);
    case 2: return change(action::follow);
    case 3: return change(action::cut_off);
    default: return change(action::refuse, {random.refusable_command()});
  }
}

}  // namespace

const std::vector<std::string>& compared_keys() {
  static const std::vector<std::string> keys{"t:{k}", "t:other", "t:{k}:mark", "t:canary"};
  return keys;
}

std::vector<list_step> draw_list(std::uint64_t seed, list_kind kind, server_time now) {
  dice random{seed, now};
  std::vector<list_step> list;
  for (std::size_t i = 0; i < compared_connections; ++i) add_greeting(random, list, i);
  if (!random.one_in(8)) add_scripts(list, random.below(compared_connections));
  for (std::uint64_t left = 20 + random.below(60); left > 0; --left) {
    if (random.one_in(25)) {
      list.push_back({.does = action::wait, .words = {}, .number = random.pick({1, 2, 4, 6})});
    }
    if (random.one_in(40)) {
      const std::size_t connection = random.below(compared_connections);
      list.push_back({.does = random.one_in(2) ? action::kill : action::hang_up,
                      .connection = connection,
                      .words = {}});
      add_greeting(random, list, connection);
    }
    if (random.one_in(90)) add(list, random.below(compared_connections), {"SCRIPT", "FLUSH"});
    if (kind == list_kind::with_states && random.one_in(6)) add_change(random, list);
    add_requests(random, list);
  }
  return list;
}

std::string describe(const list_step& shown) {
  constexpr std::array names{"",        "wait",   "fill_memory", "follow",
                             "cut_off", "refuse", "kill",        "hang_up"};
  std::string line = "connection " + std::to_string(shown.connection);
  if (shown.does != action::request) {
    line = std::string{names[static_cast<std::size_t>(shown.does)]} + ' ' +
           std::to_string(shown.number) + " (" + line + ')';
  }
  for (const std::string& word : shown.words) line += " \"" + base::escape(word, 200) + '"';
  return line;
}

}  // namespace drover::test
