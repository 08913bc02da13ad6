// SPDX-License-Identifier: MIT
// The part of the engine that knows the faults which the tool injected. A fact that such a fault
// may explain is counted, and no rule gets it. Facts that begin after the fault are judged.
#include <algorithm>

#include "audit/engine/engine_body.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t injections_max = 2'000;
constexpr std::size_t lines_max = 1'000;

/// When the last command was done that belongs to the hold.
moment end_of(const lock_hold& hold, moment now) {
  if (hold.end.kind == lock_hold::ending::open) return now;
  moment end = hold.won.done;
  const auto consider = [&](const std::optional<op_summary>& command) {
    if (command) end = std::max(end, command->done);
  };
  consider(hold.end.command);
  consider(hold.end.removed_again);
  consider(hold.after.holder_returned);
  consider(hold.after.next_win);
  if (hold.after.late_store) end = std::max(end, hold.after.late_store->store.done);
  if (hold.lease.ends && !hold.end.command) end = std::max(end, hold.lease.latest_end);
  return end;
}

/// By how much the holder exceeded its lease; 0: not at all.
moment overrun_of(const lock_hold& hold) {
  if (!hold.lease.ends) return {};
  moment last{};
  if (hold.end.command) last = hold.end.command->done;
  if (hold.after.holder_returned) last = std::max(last, hold.after.holder_returned->done);
  if (hold.after.late_store) last = std::max(last, hold.after.late_store->store.done);
  return std::max(last - hold.lease.earliest_end, moment{});
}

}  // namespace

void engine::body::add_fault(const fault_injected& fault) {
  const connection_facts* const client = connections_.find(fault.connection);
  faults_.add(fault, client == nullptr ? 0 : client->process);
  auto& lines = fault_report_.lines;
  auto line = std::find_if(lines.begin(), lines.end(),
                           [&](const auto& known) { return known.fault == fault.fault; });
  if (line == lines.end()) {
    if (lines.size() == lines_max) return;
    line = lines.insert(line, {fault.fault, fault.kind, 0, fault.at, fault.at});
  }
  ++line->injected;
  line->first = std::min(line->first, fault.at);
  line->last = std::max(line->last, fault.at);
  if (fault_report_.injections.size() == injections_max) return;
  fault_report::injection injection;
  injection.line = static_cast<std::size_t>(line - lines.begin());
  injection.from = fault.at;
  injection.to = fault.to;
  injection.connection = fault.connection;
  if (client != nullptr) injection.process = connections_.processes()[client->process].label;
  injection.command = fault.command;
  injection.key = fault.key;
  fault_report_.injections.push_back(std::move(injection));
}

/// The reply of the command is that of another one. What the command did to its keys is unknown.
bool engine::body::is_out_of_step(const event& command) {
  if (faults_.is_empty() || !faults_.is_out_of_step(command.connection, command.done)) return false;
  ++fault_report_.excused.commands;
  for (const field& argument : command.arguments) {
    if (argument.kind == field_kind::key) faults_.touch_key(argument.text, command.done);
  }
  return true;
}

bool engine::body::is_excused(const key_state& key, std::uint64_t connection, moment from,
                              moment to) const {
  return faults_.touched_all(from, to) || faults_.touched_key(key.name, from, to) ||
         faults_.touched_connection(connection, from, to);
}

bool engine::body::sets_aside(const key_state& key, std::uint64_t connection, moment from,
                              moment to) {
  if (faults_.is_empty() || !is_excused(key, connection, from, to)) return false;
  ++fault_report_.excused.others;
  return true;
}

bool engine::body::is_excused(const cold_event& cold, const key_state& key) const {
  if (faults_.is_empty()) return false;
  if (is_excused(key, cold.first_miss.connection, cold.from, cold.to)) return true;
  const auto is_touched_lock = [&](const cold_event::locking& attempt) {
    const key_state* const lock = keys_.find(attempt.lock);
    return lock != nullptr && faults_.touched_key(lock->name, cold.from, cold.to);
  };
  const auto is_touched_load = [&](const load& loaded) {
    return faults_.touched_connection(loaded.store.connection, cold.from, cold.to);
  };
  return std::any_of(cold.lock_attempts.begin(), cold.lock_attempts.end(), is_touched_lock) ||
         std::any_of(cold.loading.loads.begin(), cold.loading.loads.end(), is_touched_load);
}

bool engine::body::is_excused(const lock_hold& hold, const key_state& lock) const {
  if (faults_.is_empty()) return false;
  const moment from = hold.won.sent;
  const moment to = end_of(hold, now_);
  if (is_excused(lock, hold.won.connection, from, to)) return true;
  // The holder may use several connections, and not come back after a fault on one of them.
  if (faults_.touched_process(hold.won.process, from, to)) return true;
  const key_state* const value = keys_.find(hold.value.key);
  if (value != nullptr && faults_.touched_key(value->name, from, to)) return true;
  const moment overrun = overrun_of(hold);
  return overrun > moment{} && faults_.delay_of(hold.won.connection, from, to) >= overrun;
}

}  // namespace drover::audit
