// SPDX-License-Identifier: MIT
#include "audit/engine/normaliser.hpp"

#include <algorithm>

#include "audit/engine/command_ops.hpp"
#include "audit/engine/script_ops.hpp"

namespace drover::audit {

namespace {

bool is_script_call(std::string_view command) {
  return command.starts_with("EVAL") || command.starts_with("FCALL");
}

bool ends_watch(std::string_view command) {
  return command == "EXEC" || command == "DISCARD" || command == "UNWATCH" || command == "RESET";
}

}  // namespace

void normaliser::seen(const script_seen& what) {
  const auto at = scripts_.find(what.script);
  if (at != scripts_.end()) {
    at->second = what;
  } else if (scripts_.size() < scripts_max) {
    scripts_.emplace(what.script, what);
  }
}

std::string_view normaliser::name_of(const std::string& command) {
  if (const std::string_view known = known_command(command); !known.empty()) return known;
  const auto at = names_.find(command);
  if (at != names_.end()) return *at;
  if (names_.size() >= names_max || command.size() > 64) return "command";
  return *names_.insert(command).first;
}

std::span<const op> normaliser::ops_of(const event& what, std::uint32_t process) {
  ops_.clear();
  op start;
  start.sequence = what.sequence;
  start.connection = what.connection;
  start.batch = what.batch;
  start.transaction = what.transaction;
  start.database = what.database;
  start.process = process;
  start.sent = what.sent;
  start.done = std::max(what.sent, what.done);
  start.command = name_of(what.command);
  const command_reader reader{what, start, unix_ms_, ops_};
  if (is_script_call(what.command)) {
    by_script(what, start);
  } else {
    ops_of_command(reader);
  }
  if (what.command == "WATCH" || (!watchers_.empty() && watchers_.contains(what.connection))) {
    watch(what);
    apply_watch(what);
  }
  if (!what.executed) {
    std::erase_if(ops_, [](const op& each) { return each.is != op_kind::compare_remove; });
    for (op& each : ops_) {
      each.came = each.watched ? op_outcome::no : op_outcome::unknown;
    }
  }
  return ops_;
}

void normaliser::by_script(const event& what, const op& start) {
  op called = start;
  called.in_script = true;
  ++script_calls_;
  const auto at = scripts_.find(what.script);
  const script_seen* const script = at == scripts_.end() ? nullptr : &at->second;
  const command_reader reader{what, called, unix_ms_, ops_};
  if (what.answer.is == reply_item::kind::error && what.answer.word == "NOSCRIPT") return;
  if (script == nullptr) ++opaque_calls_;
  ops_of_script(reader, script);
}

void normaliser::watch(const event& what) {
  if (what.command == "WATCH") {
    if (watchers_.size() >= watchers_max && !watchers_.contains(what.connection)) return;
    watcher& who = watchers_[what.connection];
    if (who.ended_by != 0) who = {};
    for (const field& each : what.arguments) {
      if (each.is == field::kind::key && who.keys.size() < watched_max) {
        who.keys.push_back({each.text, {}});
      }
    }
    return;
  }
  const auto at = watchers_.find(what.connection);
  if (at == watchers_.end()) return;
  // The commands of a transaction come after its EXEC, which ends the watch.
  if (ends_watch(what.command)) {
    if (what.transaction == 0) {
      watchers_.erase(at);
    } else {
      at->second.ended_by = what.transaction;
    }
  } else if (at->second.ended_by != 0 && at->second.ended_by != what.transaction) {
    watchers_.erase(at);
  }
}

void normaliser::apply_watch(const event& what) {
  const auto at = watchers_.find(what.connection);
  if (at == watchers_.end()) return;
  for (op& each : ops_) {
    const auto key = std::find_if(at->second.keys.begin(), at->second.keys.end(),
                                  [&](const watched_key& k) { return k.key == each.key; });
    if (key == at->second.keys.end()) continue;
    if (what.transaction == 0) {
      if (each.is_hit()) key->last_read = each.value;
      continue;
    }
    each.watched = true;
    if (each.is == op_kind::remove) each.is = op_kind::compare_remove;
    if (each.is == op_kind::expire) each.is = op_kind::compare_expire;
    if (each.is == op_kind::store && each.only_if == store_condition::none) {
      each.only_if = store_condition::equal;
      continue;
    }
    if (each.value.hash == 0) each.value = key->last_read;
  }
}

}  // namespace drover::audit
