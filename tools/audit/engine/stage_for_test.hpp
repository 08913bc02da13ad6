// SPDX-License-Identifier: MIT
// A scripted world of clients. Each line of a script says which client sends a command, when, and
// what the reply is. The stage turns the lines into the records that a capture produces.
//
// `world.at(5ms).client(1).set("lock:user:42", "t1").nx().px(5000ms).ok()` wins a lock, and
// `world.judged_by(all_rules())` is the result of the audit.
//
// A command takes 200 us, unless `took` sets another time. A client is a connection, and each is a
// process of its own, unless `belongs` puts several into one process.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/capture/record.hpp"
#include "audit/capture/script_facts.hpp"
#include "audit/engine/engine.hpp"

namespace drover::audit::testing {

using namespace std::chrono_literals;

/// The key that most tests of rules read, load and change.
inline constexpr const char* user = "user:42";

inline digest digest_of(std::string_view text) {
  digest result;
  result.length = text.size();
  result.hash = text.empty() ? 0 : std::hash<std::string_view>{}(text) | 1U;
  result.looks = text.empty() ? shape::empty : shape::text;
  return result;
}

class stage;

/// A command under construction. The call that sets the reply adds the command to the stage.
class line {
 public:
  line(stage& target, event command) : stage_(target), event_(std::move(command)) {}

  line& key(std::string_view name) {
    return argument({field_kind::key, std::string(name), digest_of(name)});
  }
  line& value(std::string_view text) { return argument({field_kind::value, {}, digest_of(text)}); }
  line& word(std::string_view text) { return argument({field_kind::word, std::string(text), {}}); }
  line& nx() { return word("NX"); }
  line& xx() { return word("XX"); }
  line& with_get() { return word("GET"); }
  line& keepttl() { return word("KEEPTTL"); }
  line& px(std::chrono::milliseconds ttl) { return word("PX").word(std::to_string(ttl.count())); }
  line& ex(std::chrono::seconds ttl) { return word("EX").word(std::to_string(ttl.count())); }
  /// Sets the length of the last argument.
  line& sized(std::uint64_t bytes) {
    event_.arguments.back().content_digest.length = bytes;
    return *this;
  }
  line& looks(shape value_shape) {
    event_.arguments.back().content_digest.looks = value_shape;
    return *this;
  }

  /// The last argument is this known text.
  line& known(known_text text) {
    event_.arguments.back().content_digest.known = text;
    return *this;
  }

  void miss() { nil(); }
  void nil() { reply_with(reply_kind::null); }
  void hit(std::string_view text = "value") {
    event_.answer.content_digest = digest_of(text);
    reply_with(reply_kind::text);
  }
  void hit_of(std::uint64_t bytes, shape looks = shape::text) {
    event_.answer.content_digest = {bytes * 31 + 7, bytes, looks};
    reply_with(reply_kind::text);
  }
  void ok() {
    event_.answer.word = "OK";
    reply_with(reply_kind::status);
  }
  /// The reply to SET .. NX. With the option GET, `present` is the value that a loser gets.
  void reply(bool won, std::string_view present = {}) {
    if (!present.empty()) return won ? nil() : hit(present);
    won ? ok() : nil();
  }
  void answers(std::int64_t number) {
    event_.answer.integer = number;
    reply_with(reply_kind::integer);
  }
  /// An aggregate of `count` values, one level deep.
  void items(std::int64_t count) {
    event_.answer.integer = count;
    reply_with(reply_kind::aggregate);
  }
  /// The reply to MGET. An empty string stands for nil.
  void elements(const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      reply_item item;
      item.kind = value.empty() ? reply_kind::null : reply_kind::text;
      item.content_digest = digest_of(value);
      event_.answer.items.push_back(item);
    }
    items(static_cast<std::int64_t>(values.size()));
  }
  void error(std::string_view word = "ERR") {
    event_.answer.word = word;
    reply_with(reply_kind::error);
  }
  void unanswered() { reply_with(reply_kind::missing); }

 private:
  line& argument(field value) {
    event_.arguments.push_back(std::move(value));
    return *this;
  }
  void reply_with(reply_kind kind);

  stage& stage_;
  event event_;
};

/// A client that sends a command at a given time.
class client {
 public:
  client(stage& target, event start) : stage_(target), start_(std::move(start)) {}

  /// The time from sending the command to its reply.
  client& took(std::chrono::microseconds time) {
    start_.done = start_.sent + time;
    return *this;
  }
  /// All commands with the same number came in one read of the client's bytes.
  client& batch(std::uint64_t number) {
    start_.batch = 1'000'000 + number;
    return *this;
  }
  /// The command is inside this transaction. Its EXEC must come first, by `exec`.
  client& in(std::uint64_t transaction, bool executed = true) {
    start_.transaction = transaction;
    start_.batch = 2'000'000 + transaction;
    start_.executed = executed;
    return *this;
  }

  line command(std::string_view name) {
    event command = start_;
    command.command = name;
    return {stage_, std::move(command)};
  }
  line get(std::string_view key) { return command("GET").key(key); }
  line hgetall(std::string_view key) { return command("HGETALL").key(key); }
  line set(std::string_view key, std::string_view value) {
    return command("SET").key(key).value(value);
  }
  line setex(std::string_view key, std::chrono::seconds ttl, std::string_view value) {
    return command("SETEX").key(key).word(std::to_string(ttl.count())).value(value);
  }
  line setnx(std::string_view key, std::string_view value) {
    return command("SETNX").key(key).value(value);
  }
  line hset(std::string_view key, std::string_view value) {
    return command("HSET").key(key).value("field").value(value);
  }
  line del(std::string_view key) { return command("DEL").key(key); }
  line exists(std::string_view key) { return command("EXISTS").key(key); }
  line expire(std::string_view key, std::chrono::seconds ttl) {
    return command("EXPIRE").key(key).word(std::to_string(ttl.count()));
  }
  line watch(std::string_view key) { return command("WATCH").key(key); }
  line exec(std::uint64_t transaction) {
    event command = start_;
    command.command = "EXEC";
    command.transaction = transaction;
    command.batch = 2'000'000 + transaction;
    return {stage_, std::move(command)};
  }
  /// A call of a script that the stage announces, with a key and the first ARGV.
  line script(std::string_view id, std::string_view key, std::string_view argument) {
    event command = start_;
    command.command = "EVALSHA";
    command.script = id;
    return line(stage_, std::move(command)).value(id).word("1").key(key).value(argument);
  }
  /// A call of a script with these keys. Its other arguments follow.
  line call(std::string_view id, std::initializer_list<std::string_view> keys) {
    event command = start_;
    command.command = "EVALSHA";
    command.script = id;
    line called(stage_, std::move(command));
    called.value(id).word(std::to_string(keys.size()));
    for (const std::string_view key : keys) called.key(key);
    return called;
  }
  line compare_and_delete(std::string_view key, std::string_view token) {
    return script("compare_and_delete", key, token);
  }
  line renew(std::string_view key, std::string_view token, std::chrono::milliseconds ttl) {
    return script("compare_and_expire", key, token).word(std::to_string(ttl.count()));
  }
  line compare_and_store(std::string_view key, std::string_view token, std::string_view value,
                         std::chrono::milliseconds ttl) {
    return script("compare_and_store", key, token).value(value).word(std::to_string(ttl.count()));
  }

 private:
  stage& stage_;
  event start_;
};

class stage {
 public:
  stage() {
    begun.tool = "stage";
    begun.unix_ms = 1'700'000'000'000;
  }

  stage& at(std::chrono::microseconds time) {
    now_ = time;
    return *this;
  }
  [[nodiscard]] moment now() const { return now_; }

  /// The connection that sends a command at the current time.
  class client client(std::uint64_t connection) {
    processes_.emplace(connection, static_cast<std::int64_t>(100 + connection));
    event start;
    start.connection = connection;
    start.batch = ++last_batch_;
    start.sent = now_;
    start.done = now_ + 200us;
    return {*this, std::move(start)};
  }
  /// Puts the connections into the process with this pid; 0: the pid is unknown.
  stage& belongs(std::int64_t pid, const std::vector<std::uint64_t>& connections) {
    for (const std::uint64_t connection : connections) processes_[connection] = pid;
    return *this;
  }
  /// The pid of these connections is unknown. Only their address is known, such as "127.0.0.1".
  stage& unknown(const std::vector<std::uint64_t>& connections, std::string_view address) {
    for (const std::uint64_t connection : connections) addresses_[connection] = address;
    return belongs(0, connections);
  }
  /// Adds any other record at the current time.
  stage& tell(record item) {
    others_.emplace_back(now_, std::move(item));
    return *this;
  }

  /// The capture has seen the body of a script.
  stage& knows(std::string_view id, std::string_view body) {
    bodies_.push_back(facts_of_body(id, body));
    return *this;
  }

  void put(event command) { events_.push_back(std::move(command)); }

  /// The records that a capture of the script produces.
  [[nodiscard]] std::vector<record> records() const {
    std::vector<record> all{begun};
    for (const auto& [connection, pid] : processes_) {
      const auto at = addresses_.find(connection);
      const std::string peer = at == addresses_.end() ? "10.0.0.1" : at->second;
      all.emplace_back(connection_opened{connection, {}, pid, pid == 0 ? peer : "test"});
    }
    for (script_seen& script : scripts()) all.emplace_back(std::move(script));
    for (const script_seen& script : bodies_) all.emplace_back(script);
    std::vector<std::pair<moment, record>> timed = others_;
    for (const event& command : events_) timed.emplace_back(command.done, command);
    std::stable_sort(timed.begin(), timed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::uint64_t sequence = 0;
    for (auto& [time, item] : timed) {
      if (event* const command = std::get_if<event>(&item)) command->sequence = ++sequence;
      all.push_back(std::move(item));
    }
    all.emplace_back(capture_ended{now_});
    return all;
  }

  [[nodiscard]] audit_result judged_by(std::vector<std::unique_ptr<rule>> rules,
                                       settings options = {}) const {
    engine auditor(std::move(options), std::move(rules));
    for (const record& item : records()) auditor.feed(item);
    return auditor.finish();
  }

  capture_begun begun;

 private:
  static std::vector<script_seen> scripts() {
    script_seen remove;
    remove.script = "compare_and_delete";
    remove.does = script_seen::purpose::compare_and_delete;
    remove.says = script_seen::success::one;
    remove.token_argument = 1;
    script_seen renew = remove;
    renew.script = "compare_and_expire";
    renew.does = script_seen::purpose::compare_and_expire;
    renew.ttl_argument = 2;
    script_seen store = remove;
    store.script = "compare_and_store";
    store.does = script_seen::purpose::compare_and_store;
    store.value_argument = 2;
    store.ttl_argument = 3;
    return {remove, renew, store};
  }

  moment now_{};
  std::uint64_t last_batch_ = 0;
  std::map<std::uint64_t, std::int64_t> processes_;
  std::map<std::uint64_t, std::string> addresses_;
  std::vector<event> events_;
  std::vector<script_seen> bodies_;
  std::vector<std::pair<moment, record>> others_;
};

inline void line::reply_with(reply_kind kind) {
  event_.answer.kind = kind;
  event_.argument_count = event_.arguments.size();
  stage_.put(event_);
}

/// The first finding of a rule, or nullptr.
inline const finding* find_finding(const audit_result& result, std::string_view rule) {
  for (const finding& finding : result.findings) {
    if (finding.rule == rule) return &finding;
  }
  return nullptr;
}
inline const coverage_line* find_coverage(const audit_result& result, std::string_view rule) {
  for (const coverage_line& line : result.coverage) {
    if (line.rule == rule) return &line;
  }
  return nullptr;
}
/// The status of a rule in the coverage.
inline coverage_line::status coverage_of(const audit_result& result, std::string_view rule) {
  const coverage_line* const line = find_coverage(result, rule);
  return line == nullptr ? coverage_line::status::not_exercised : line->state;
}
inline void expect_silent(const audit_result& result, severity above = severity::info) {
  for (const finding& finding : result.findings) {
    EXPECT_LE(finding.severity, above) << finding.rule << ": " << finding.message;
  }
}

}  // namespace drover::audit::testing
