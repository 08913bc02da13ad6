// SPDX-License-Identifier: MIT
// Puts the planned faults on the clock of a schedule, and takes them back.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "entry/envelope.hpp"
#include "world/play/foreign_entries.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;
using kind = planned_fault::kind;

bool is_loading(const universe& in, unsigned process) {
  return std::ranges::any_of(in.database.loads(), [process](const load_record& load) {
    return load.process == process && !load.end;
  });
}

bool is_any_loading(const universe& in) {
  return std::ranges::any_of(in.database.loads(),
                             [](const load_record& load) { return !load.end; });
}

/// Undoes a fault after its length, unless another one of its kind lasts longer.
void end_later(universe& in, const planned_fault& fault, std::function<void()> undo) {
  const std::pair which{fault.is, is_of_process(fault.is) ? fault.process : 0U};
  ++in.lasting_faults[which];
  in.system.after(fault.length, [&in, which, undo = std::move(undo)] {
    if (--in.lasting_faults[which] == 0) undo();
  });
}

void refuse(server_state& state, std::initializer_list<const char*> commands, bool refuses) {
  for (const char* const name : commands) {
    if (refuses) {
      state.refused_commands.insert(name);
    } else {
      state.refused_commands.erase(name);
    }
  }
}

void set_state(universe& in, kind is, bool to) {
  server_state& state = in.redis.model().state();
  switch (is) {
    case kind::out_of_memory: state.is_out_of_memory = to; break;
    case kind::loading: state.is_loading = to; break;
    case kind::replica:
      state.is_replica = to;
      in.leases_voided = in.system.now();
      in.replica_since =
          to ? in.replica_since.value_or(in.system.now()) : std::optional<virtual_time>{};
      break;
    case kind::no_invalidation: refuse(state, {"unlink"}, to); break;
    case kind::no_time: refuse(state, {"info", "time"}, to); break;
    default: refuse(state, {"evalsha"}, to); break;
  }
}

/// Without scripts, transactions would do.
void refuse_leases(universe& in, const planned_fault& fault, bool to) {
  set_state(in, fault.is, to);
  if (!to || fault.amount % 2 == 0) refuse(in.redis.model().state(), {"multi"}, to);
}

void lose_keys(universe& in) {
  in.leases_voided = in.system.now();
  if (is_any_loading(in)) in.add(overlap::server_changed_under_load);
}

void restart(universe& in, const planned_fault& fault) {
  lose_keys(in);
  in.net.crash_server();
  in.system.after(fault.length, [&in, fault] {
    const auto kept =
        fault.is == kind::lose_server ? redis_model::data::lost : redis_model::data::kept;
    std::optional<redis_model> snapshot;
    // Without `server_keeps_writes` a server may come back with what it had at any earlier moment.
    if (fault.is == kind::restore_server && !in.planned.options.server_keeps_writes &&
        !in.snapshots.empty()) {
      snapshot = in.snapshots[fault.amount % in.snapshots.size()];
    }
    in.redis.start(kept, snapshot);
  });
}

void evict(universe& in, std::size_t chosen) {
  redis_model& model = in.redis.model();
  std::vector<std::string> keys;
  for (const auto& [key, value] : model.keys()) keys.push_back(key);
  if (keys.empty()) return;
  lose_keys(in);
  model.evict(keys[chosen % keys.size()]);
  in.net.collect_output();
}

// Only of the payload: a damaged head may say anything about its times.
void damage(universe& in, std::size_t chosen) {
  redis_model& model = in.redis.model();
  std::vector<std::string> keys;
  for (const auto& [key, value] : model.keys()) {
    if (value.bytes.size() > entry::envelope_size) keys.push_back(key);
  }
  if (keys.empty()) return;
  const std::string& key = keys[chosen % keys.size()];
  std::string bytes = model.find(key)->bytes;
  char& damaged = bytes[entry::envelope_size + chosen % (bytes.size() - entry::envelope_size)];
  damaged = static_cast<char>(damaged ^ 0x10);
  model.replace(key, bytes);
}

void begin_server_fault(universe& in, const planned_fault& fault) {
  // A server that is down has nothing to go wrong with.
  if (!in.redis.is_up()) return;
  switch (fault.is) {
    case kind::freeze_server:
      in.redis.freeze();
      return end_later(in, fault, [&in] {
        in.redis.thaw();
        in.net.collect_output();
      });
    case kind::crash_server:
    case kind::lose_server:
    case kind::restore_server: return restart(in, fault);
    case kind::step_server_clock:
      return in.redis.step_clock(std::chrono::duration_cast<microseconds>(fault.length));
    case kind::out_of_memory:
    case kind::loading:
    case kind::replica:
    case kind::no_invalidation:
    case kind::no_time:
      set_state(in, fault.is, true);
      return end_later(in, fault, [&in, fault] { set_state(in, fault.is, false); });
    case kind::no_permission:
      refuse_leases(in, fault, true);
      return end_later(in, fault, [&in, fault] { refuse_leases(in, fault, false); });
    case kind::flush_scripts: return in.redis.command("*2\r\n$6\r\nSCRIPT\r\n$5\r\nFLUSH\r\n");
    case kind::flush_keys:
      lose_keys(in);
      in.redis.command("*1\r\n$8\r\nFLUSHALL\r\n");
      return in.net.collect_output();
    case kind::evict: return evict(in, fault.amount);
    case kind::damage: return damage(in, fault.amount);
    case kind::long_entry: return store_long_entry(in, row_of(in, fault));
    case kind::failed_entry: return store_failed_entry(in, row_of(in, fault));
    case kind::damaged_entries:
      return keep_damaged(in, row_of(in, fault), in.system.now() + fault.length);
    default: return;
  }
}

lie lie_of(kind is) {
  if (is == kind::drop_reply) return lie::dropped;
  return is == kind::double_reply ? lie::doubled : lie::changed;
}

void begin_process_fault(universe& in, const planned_fault& fault) {
  process& victim = *in.processes[fault.process - 1];
  switch (fault.is) {
    case kind::reset: return in.net.reset(fault.process);
    case kind::cut_to_server: return in.net.cut_after(fault.process, true, fault.amount);
    case kind::cut_to_client: return in.net.cut_after(fault.process, false, fault.amount);
    case kind::block:
      in.net.block(fault.process);
      return end_later(in, fault, [&in, fault] { in.net.unblock(fault.process); });
    case kind::slow: {
      path& way = in.net.path_of(fault.process);
      way.delay_max = std::max(way.delay_max, virtual_time{fault.length});
      in.system.at(in.planned.faults_end,
                   [&in, fault] { in.net.path_of(fault.process) = in.planned.network; });
      return;
    }
    case kind::pause_process:
      if (is_loading(in, fault.process)) in.add(overlap::paused_while_loading);
      in.system.pause(victim);
      return end_later(in, fault, [&in, &victim] { in.system.resume(victim); });
    case kind::kill_process:
      if (!victim.is_alive) return;
      if (is_loading(in, fault.process)) in.add(overlap::killed_while_loading);
      in.system.kill(victim);
      in.net.process_ended(fault.process);
      in.database.process_ended(fault.process, in.system.now());
      return;
    case kind::step_wall_clock: victim.wall_step += fault.length; return;
    case kind::no_threads:
      victim.lacks_threads = true;
      return end_later(in, fault, [&victim] { victim.lacks_threads = false; });
    case kind::no_descriptors:
      victim.lacks_descriptors = true;
      return end_later(in, fault, [&victim] { victim.lacks_descriptors = false; });
    case kind::kill_client: return in.net.kill_clients(fault.process);
    // Not in a greeting.
    case kind::drop_reply:
    case kind::double_reply:
    case kind::change_reply:
      if (in.connections[fault.process].up_since)
        in.net.spoil_reply(fault.process, lie_of(fault.is));
      return;
    default: return begin_server_fault(in, fault);
  }
}

}  // namespace

void schedule_faults(universe& in) {
  for (const planned_fault& fault : in.planned.faults) {
    in.system.at(fault.when, [&in, fault] {
      if (in.prints()) in.print("fault: " + std::string{name_of(fault.is)});
      begin_process_fault(in, fault);
    });
  }
  // A server removes what has ended ten times a second, and a snapshot may be taken at any time.
  for (microseconds when = 100ms; when < in.planned.faults_end + in.planned.settle; when += 100ms) {
    in.system.at(when, [&in] {
      if (!in.redis.is_up() || in.redis.is_frozen()) return;
      in.redis.model().expire_due(in.redis.clock());
      in.net.collect_output();
    });
  }
  if (const virtual_time idle = in.planned.idle_max; idle > virtual_time{}) {
    for (virtual_time when = idle; when < in.planned.faults_end; when += idle / 4)
      in.system.at(when, [&in, idle] { in.net.close_idle(idle); });
  }
  const bool has_restore = std::ranges::any_of(in.planned.faults, [](const planned_fault& fault) {
    return fault.is == kind::restore_server;
  });
  for (microseconds when = 30ms; has_restore && when < in.planned.faults_end; when *= 2)
    in.system.at(when, [&in] { in.snapshots.push_back(in.redis.model()); });
}

}  // namespace drover::world
