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

/// The node of a cluster has executed nothing. The client repeats the command at another node, or
/// later, and that is the command that counts.
bool is_redirected(const reply& answer) {
  return answer.kind == reply_kind::error &&
         (answer.word == "MOVED" || answer.word == "ASK" || answer.word == "TRYAGAIN");
}

bool ends_watch(std::string_view command) {
  return command == "EXEC" || command == "DISCARD" || command == "UNWATCH" || command == "RESET";
}

}  // namespace

void normaliser::add_script(const script_seen& script) {
  const auto at = scripts_.find(script.script);
  if (at != scripts_.end()) {
    at->second = script;
  } else if (scripts_.size() < scripts_max) {
    scripts_.emplace(script.script, script);
  }
}

std::string_view normaliser::name_of(const std::string& command) {
  if (const std::string_view known = known_command(command); !known.empty()) return known;
  const auto at = names_.find(command);
  if (at != names_.end()) return *at;
  if (names_.size() >= names_max || command.size() > 64) return "command";
  return *names_.insert(command).first;
}

std::span<const op> normaliser::ops_of(const event& command, std::uint32_t process) {
  ops_.clear();
  if (is_redirected(command.answer)) return ops_;
  op start;
  start.sequence = command.sequence;
  start.connection = command.connection;
  start.batch = command.batch;
  start.transaction = command.transaction;
  start.database = command.database;
  start.process = process;
  start.sent = command.sent;
  start.done = std::max(command.sent, command.done);
  start.command = name_of(command.command);
  const command_reader reader{command, start, unix_ms_, ops_};
  if (is_script_call(command.command)) {
    add_script_ops(command, start);
  } else {
    ops_of_command(reader);
  }
  if (command.command == "WATCH" ||
      (!watchers_.empty() && watchers_.contains(command.connection))) {
    watch(command);
    apply_watch(command);
  }
  if (!command.executed) {
    std::erase_if(ops_,
                  [](const op& operation) { return operation.kind != op_kind::compare_remove; });
    for (op& operation : ops_) {
      operation.outcome = operation.watched ? op_outcome::no : op_outcome::unknown;
    }
  }
  return ops_;
}

void normaliser::add_script_ops(const event& command, const op& start) {
  op script_start = start;
  script_start.in_script = true;
  ++script_calls_;
  const auto at = scripts_.find(command.script);
  const script_seen* const script = at == scripts_.end() ? nullptr : &at->second;
  const command_reader reader{command, script_start, unix_ms_, ops_};
  if (command.answer.kind == reply_kind::error && command.answer.word == "NOSCRIPT") return;
  if (script == nullptr) ++opaque_calls_;
  ops_of_script(reader, script);
}

void normaliser::watch(const event& command) {
  if (command.command == "WATCH") {
    if (watchers_.size() >= watchers_max && !watchers_.contains(command.connection)) return;
    watcher& state = watchers_[command.connection];
    if (state.ended_by != 0) state = {};
    for (const field& argument : command.arguments) {
      if (argument.kind == field_kind::key && state.keys.size() < watched_max) {
        state.keys.push_back({argument.text, {}});
      }
    }
    return;
  }
  const auto at = watchers_.find(command.connection);
  if (at == watchers_.end()) return;
  // EXEC ends the watch, but the events of its transaction come after it. So the watch is kept for
  // them.
  if (ends_watch(command.command)) {
    if (command.transaction == 0) {
      watchers_.erase(at);
    } else {
      at->second.ended_by = command.transaction;
    }
  } else if (at->second.ended_by != 0 && at->second.ended_by != command.transaction) {
    watchers_.erase(at);
  }
}

void normaliser::apply_watch(const event& command) {
  const auto at = watchers_.find(command.connection);
  if (at == watchers_.end()) return;
  for (op& operation : ops_) {
    const auto key = std::find_if(at->second.keys.begin(), at->second.keys.end(),
                                  [&](const watched_key& k) { return k.key == operation.key; });
    if (key == at->second.keys.end()) continue;
    if (command.transaction == 0) {
      if (operation.is_hit()) key->last_read = operation.value;
      continue;
    }
    operation.watched = true;
    if (operation.kind == op_kind::remove) operation.kind = op_kind::compare_remove;
    if (operation.kind == op_kind::expire) operation.kind = op_kind::compare_expire;
    if (operation.kind == op_kind::store && operation.condition == store_condition::none) {
      operation.condition = store_condition::equal;
      continue;
    }
    if (operation.value.hash == 0) operation.value = key->last_read;
  }
}

}  // namespace drover::audit
