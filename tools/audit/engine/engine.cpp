// SPDX-License-Identifier: MIT
#include "audit/engine/engine.hpp"

#include <algorithm>
#include <bit>
#include <type_traits>
#include <utility>

#include "audit/engine/engine_body.hpp"
#include "audit/engine/roles.hpp"
#include "audit/engine/verdict.hpp"

namespace drover::audit {

namespace {

/// One key in this many may have an open cold event, and one in this many unreported lock holds.
constexpr std::size_t open_share = 4;
constexpr std::size_t pttls_max = 200'000;
/// Most of the traffic is hits. A hit is kept for timelines only if a miss, store or delete of its
/// key is more recent than `eventful`, or if the last hit is older than `uneventful_gap`.
constexpr moment eventful = std::chrono::seconds(1);
constexpr moment uneventful_gap = std::chrono::milliseconds(10);
/// A change in the application takes no longer than this, and much less than a load. If the time of
/// a load is unknown, only a very short one is a change.
constexpr moment change_max = std::chrono::milliseconds(50);
constexpr moment change_unknown = std::chrono::milliseconds(5);
constexpr int loads_longer = 4;

bool has_key(const event& command) {
  return std::any_of(command.arguments.begin(), command.arguments.end(),
                     [](const field& argument) { return argument.kind == field_kind::key; });
}

}  // namespace

engine::engine(settings options, std::vector<std::unique_ptr<rule>> rules)
    : body_(std::make_unique<body>(std::move(options), std::move(rules))) {}
engine::~engine() = default;

void engine::feed(const record& item) { body_->feed(item); }
void engine::feed(const event& command) { body_->feed(command); }
audit_result engine::finish() { return body_->finish(); }
const engine_progress& engine::progress() const { return body_->progress; }
const rule_context& engine::context() const { return *body_; }

engine::body::body(settings options, std::vector<std::unique_ptr<rule>> rules)
    : settings_(std::move(options)),
      rules_(std::move(rules)),
      connections_(settings_.connections_max),
      keys_(settings_, [this](key_state& key) { close(key, false); }),
      history_(settings_.history_max),
      colds_(keys_, connections_, *this, settings_.keys_max / open_share + 1),
      lock_holds_(keys_, connections_, colds_, *this, settings_.keys_max / open_share + 1),
      stores_(keys_, *this),
      waits_(*this),
      plain_locks_(keys_),
      timeline_builder_(settings_, connections_) {
  for (const std::unique_ptr<rule>& owned : rules_) {
    const interest::bits wanted_bits = owned->wants();
    for (std::size_t bit = 0; bit < bits; ++bit) {
      if ((wanted_bits >> bit & 1U) != 0) listeners_[bit].push_back(owned.get());
    }
  }
}

const engine::body::listeners& engine::body::listeners_for(interest::bits bit) const {
  return listeners_[static_cast<std::size_t>(std::countr_zero(bit))];
}

void engine::body::feed(const record& item) {
  if (const event* const command = std::get_if<event>(&item)) {
    feed(*command);
    return;
  }
  const auto* const loads = std::get_if<audit::origin_loads>(&item);
  if (loads != nullptr && !is_comparable(*loads)) {
    now_ = std::max(now_, loads->at);
    if (loads->key.empty()) origin_loads_left_out_ += loads->count;
    return;
  }
  std::visit(
      [&](const auto& entry) {
        using type = std::decay_t<decltype(entry)>;
        if constexpr (std::is_same_v<type, capture_begun>) {
          capture_ = entry;
          normaliser_.begun(entry);
          if (entry.keys_hidden) keys_.hide_keys();
          keys_per_million_ = entry.keys_per_million;
        } else if constexpr (std::is_same_v<type, connection_opened>) {
          connections_.opened(entry);
          outages_.add_connection(entry.connection, entry.at);
          progress.connections.store(connections_.connections_seen(), std::memory_order_relaxed);
        } else if constexpr (std::is_same_v<type, connection_named>) {
          connections_.named(entry);
        } else if constexpr (std::is_same_v<type, connection_closed>) {
          normaliser_.closed(entry.connection);
          connections_.closed(entry);
          faults_.closed(entry.connection);
        } else if constexpr (std::is_same_v<type, script_seen>) {
          normaliser_.add_script(entry);
        } else if constexpr (std::is_same_v<type, push_received>) {
          connections_.mark_notified(entry.connection);
        } else if constexpr (std::is_same_v<type, audit::origin_loads>) {
          add_origin_loads(entry);
        } else if constexpr (std::is_same_v<type, tool_acted>) {
          colds_.add_tool_action(entry);
        } else if constexpr (std::is_same_v<type, fault_injected>) {
          add_fault(entry);
        } else if constexpr (std::is_same_v<type, outage_planned>) {
          outages_.add(entry);
          faults_.add_outage(entry.from, entry.to);
        } else if constexpr (std::is_same_v<type, application_checked>) {
          outages_.add(entry);
        } else if constexpr (std::is_same_v<type, sight_lost>) {
          apply_sight_lost(entry);
        } else if constexpr (std::is_same_v<type, server_said>) {
          if (!entry.maxmemory_policy.empty()) eviction_policy_ = entry.maxmemory_policy;
          if (!entry.key.empty() && pttls_.size() < pttls_max) pttls_[entry.key] = entry.pttl;
        } else if constexpr (std::is_same_v<type, capture_ended>) {
          now_ = std::max(now_, entry.at);
          commands_passed_ = entry.commands;
        }
      },
      item);
  for (rule* const listener : listeners_for(interest::records)) listener->on_record(item, *this);
}

void engine::body::feed(const event& command) {
  ++commands_;
  // Updated for every 64th command only, to keep the cost for each command low.
  if (commands_ % 64 == 0) progress.commands.store(commands_, std::memory_order_relaxed);
  now_ = std::max(now_, command.done);
  bytes_read_ += 32 + command.answer.content_digest.length;
  for (const field& argument : command.arguments) bytes_read_ += argument.content_digest.length;
  connection_facts& client = connections_.count_command(command);
  if (is_out_of_step(command)) return;
  for (rule* const listener : listeners_for(interest::events)) listener->on_event(command, *this);
  const std::span<const op> ops = normaliser_.ops_of(command, client.process);
  if (!outages_.is_empty() && has_key(command)) {
    const auto reads = [](const op& operation) { return operation.kind == op_kind::read; };
    outages_.add_command(command.sent, std::any_of(ops.begin(), ops.end(), reads));
  }
  if (ops.empty()) apply_without_keys(command);
  for (const op& operation : ops) apply(operation, client);
  stores_.time_passed(command.sent);
}

void engine::body::apply_without_keys(const event& command) {
  const std::string& name = command.command;
  if (name == "FLUSHALL" || name == "FLUSHDB") {
    keys_.flush(command.database, name == "FLUSHALL");
  } else if (name.find("SUBSCRIBE") != std::string::npos || name == "CLIENT TRACKING") {
    connections_.mark_notified(command.connection);
  }
}

bool engine::body::is_remembered(const key_state& key, const op& operation) const {
  if (!operation.is_hit() || key.cold != nullptr || key.lock != nullptr) return true;
  const auto recent = [&](const auto& m, moment limit) {
    return m && operation.sent - m->done < limit;
  };
  if (recent(key.last_miss, eventful) || recent(key.last_store, eventful)) return true;
  return recent(key.last_remove, eventful) || !recent(key.last_hit, uneventful_gap);
}

bool engine::body::is_examined(std::string_view key) const {
  return in_share(place_of(key, capture_.keys_hidden), keys_per_million_);
}

void engine::body::apply(const op& operation, connection_facts& client) {
  if (keys_per_million_ < all_keys && !is_examined(operation.key)) return;
  key_state& key = keys_.touch(operation.database, operation.key);
  if (operation.tells_value && apply_told(key, operation, client)) return;
  apply(key, operation, client);
}

bool engine::body::apply_told(key_state& key, const op& operation, connection_facts& client) {
  const pattern_state& pattern = *key.pattern;
  if (pattern.lock_name || role_so_far(pattern) == key_role::lock) return false;
  op read = operation;
  read.kind = op_kind::read;
  read.tells_value = false;
  read.on_ttl = ttl_effect::none;
  read.value = operation.told;
  if (operation.outcome == op_outcome::yes) {
    read.outcome = op_outcome::no;
    apply(key, read, client);
    return false;
  }
  if (operation.outcome != op_outcome::no) return false;
  // A token says that somebody loads: the client was refused. Anything else is the value.
  if (key.lock != nullptr && lock_holds_.is_token(key, operation.told)) return false;
  if (key.last_store == std::nullopt && operation.told.length <= mark_bytes_max) return false;
  read.outcome = op_outcome::yes;
  apply(key, read, client);
  return true;
}

void engine::body::place(key_state& key, const op& operation) {
  const op_counts& before = key.counts;
  if (before.changes + before.stores + before.won + before.lost > 0) return;
  const op_counts& others = key.pattern->counts;
  if (operation.kind == op_kind::change) {
    if (others.changes == 0) keys_.separate(key, key_use::counter);
    return;
  }
  if (operation.kind == op_kind::acquire) {
    if (others.won + others.lost == 0) keys_.separate(key, key_use::lock);
    return;
  }
  if (operation.kind != op_kind::store || operation.outcome != op_outcome::yes) return;
  if (use_so_far(*key.pattern) != key_use::value || operation.value.length > mark_bytes_max) return;
  if (key.pattern->small_stores > 0) return;
  // A small value, for which nothing was loaded, among large ones.
  const bool is_loaded = key.last_miss && operation.sent - key.last_miss->done >= mark_gap_max;
  if (!is_loaded) keys_.separate(key, key_use::mark);
}

void engine::body::apply(key_state& key, const op& operation, connection_facts& client) {
  if (key.pattern->is_family) place(key, operation);
  const bool hit = operation.is_hit();
  const interest::bits kind = hit ? interest::hits : interest::ops(operation.kind);
  for (rule* const listener : listeners_for(kind)) listener->on_op(operation, key, *this);
  if (is_remembered(key, operation)) history_.add(operation, key);
  timeline_builder_.add_operation(operation, key);
  bool is_load = false;
  switch (operation.kind) {
    case op_kind::read: apply_read(key, operation, client); break;
    case op_kind::exists:
      if (key.lock != nullptr) lock_holds_.looked(key, operation);
      if (operation.outcome == op_outcome::yes && (key.lock != nullptr || key.pattern->lock_name)) {
        waits_.refused(key, operation);
      } else if (key.waits != nullptr) {
        waits_.satisfied(key, operation);
      }
      break;
    case op_kind::store:
      is_load = apply_store(key, operation, client);
      plain_locks_.stored(key, operation, is_load);
      break;
    case op_kind::acquire:
      is_load = apply_store(key, operation, client);
      apply_acquire(key, operation, client);
      break;
    case op_kind::remove:
      plain_locks_.removed(key, operation);
      lock_holds_.remove(key, operation);
      break;
    case op_kind::compare_remove: lock_holds_.compare_remove(key, operation); break;
    case op_kind::expire: lock_holds_.expire(key, operation); break;
    case op_kind::compare_expire: lock_holds_.compare_expire(key, operation); break;
    case op_kind::change:
      if (operation.command.starts_with("B")) connections_.mark_notified(operation.connection);
      break;
    case op_kind::opaque: break;
  }
  const bool is_first_store = key.counts.stores + key.counts.won == 0;
  stores_.apply(key, operation, is_load);
  if (is_first_store && key.counts.stores + key.counts.won > 0) keys_.review(*key.pattern);
}

void engine::body::apply_read(key_state& key, const op& operation, connection_facts& client) {
  const bool missed = operation.is_miss();
  const bool second_look = (missed || key.guard.is_set()) && lock_holds_.read(key, operation);
  if (key.lock != nullptr) lock_holds_.looked(key, operation);
  if (missed) {
    colds_.missed(key, operation, second_look);
    if (!second_look) waits_.refused(key, operation);
    return;
  }
  if (!operation.is_hit()) return;
  client.hits[client.next_hit] = {key.ref, operation.sent, operation.done, operation.sequence,
                                  operation.value};
  client.next_hit = static_cast<std::uint8_t>((client.next_hit + 1) % client.hits.size());
  if (key.cold != nullptr) colds_.hit(key, operation);
  if (key.waits != nullptr) waits_.satisfied(key, operation);
}

std::optional<op_summary> engine::body::last_hit_of(const key_state& key, const op& operation,
                                                    const connection_facts& client) const {
  const connection_facts::hit* last = nullptr;
  for (const connection_facts::hit& hit : client.hits) {
    if (hit.key == key.ref && hit.sequence != 0 &&
        (last == nullptr || hit.sequence > last->sequence)) {
      last = &hit;
    }
  }
  if (last != nullptr) {
    op_summary summary;
    summary.sent = last->sent;
    summary.done = last->done;
    summary.sequence = last->sequence;
    summary.connection = operation.connection;
    summary.process = operation.process;
    summary.kind = op_kind::read;
    summary.outcome = op_outcome::yes;
    summary.value = last->value;
    return summary;
  }
  if (key.last_hit && key.last_hit->process == operation.process) return key.last_hit;
  return std::nullopt;
}

/// Whether a store changes the value that its client has just read, so that no load ran before it.
bool engine::body::is_modification(const key_state& key, const op& operation,
                                   const connection_facts& client) const {
  if (operation.kind != op_kind::store || operation.outcome != op_outcome::yes) return false;
  if (operation.part || operation.in_script || key.state != key_state::presence::present)
    return false;
  if (operation.on_ttl == ttl_effect::kept) return true;
  if (client.multiplexed) return false;
  const connection_facts::hit* last = nullptr;
  for (const connection_facts::hit& hit : client.hits) {
    const bool fits = hit.key == key.ref && hit.sequence != 0 && hit.done <= operation.sent;
    if (fits && (last == nullptr || hit.sequence > last->sequence)) last = &hit;
  }
  if (last == nullptr || last->value == operation.value) return false;
  const moment delta = colds_.load_time_of(key);
  const moment limit =
      delta > moment{} ? std::min(change_max, delta / loads_longer) : change_unknown;
  if (operation.sent - last->done > limit) return false;
  if (operation.watched) return true;
  // Threads that share a pool may use the connection one after the other, so that the hit may be of
  // another caller.
  switch (lock_holds_.flow_of(operation.process)) {
    case lock_hold_tracker::flow::connection: return true;
    case lock_hold_tracker::flow::pool: return false;
    case lock_hold_tracker::flow::unknown: break;
  }
  // The only caller of a process has found the value after its own miss. Several misses show that
  // there are several callers.
  return connections_.has_one_caller(operation.process) &&
         colds_.possible_starts(key, operation) <= 1;
}

/// Returns whether the store was a load.
bool engine::body::apply_store(key_state& key, const op& operation,
                               const connection_facts& client) {
  const bool yes = operation.outcome == op_outcome::yes;
  const bool is_changed = is_modification(key, operation, client);
  cold_tracker::classified_store stored;
  if (!is_changed) stored = colds_.store(key, operation);
  if (is_changed) {
    ++key.counts.modifications;
    ++key.pattern->counts.modifications;
  }
  const bool is_load = stored.kind == cold_tracker::store_kind::load;
  const bool is_store = operation.kind == op_kind::store;
  if (is_store && key.lock != nullptr) lock_holds_.store(key, operation);
  std::uint64_t lock_hold = 0;
  if (yes && (is_store || is_load) && stored.kind != cold_tracker::store_kind::merged) {
    lock_hold = lock_holds_.stored(key, operation, is_load ? &stored.loaded : nullptr);
  }
  if (is_load) {
    colds_.add(key, stored.loaded);
    take(stored.loaded, key);
  } else if (yes && is_store && stored.kind == cold_tracker::store_kind::no_load) {
    const bool is_same = key.last_store && key.last_store->connection == operation.connection &&
                         key.last_store->batch == operation.batch;
    if (!is_changed && !is_same) refresh_counts_.add(key.pattern->index, operation.sent);
    if (key.state == key_state::presence::present) {
      stores_.refreshed(key, operation, last_hit_of(key, operation, client), lock_hold, is_changed);
    }
  }
  if (yes && key.waits != nullptr) waits_.satisfied(key, operation);
  return is_load;
}

void engine::body::apply_acquire(key_state& key, const op& operation, const connection_facts&) {
  lock_holds_.acquire(key, operation);
  if (operation.outcome == op_outcome::no) waits_.refused(key, operation);
}

void engine::body::close(key_state& key, bool run_over) {
  if (key.cold != nullptr) colds_.close(key, false);
  if (key.lock != nullptr) lock_holds_.close(key, run_over, now_);
  if (key.waits != nullptr) waits_.close(key);
  stores_.close(key);
}

void engine::body::apply_sight_lost(const sight_lost& loss) {
  now_ = std::max(now_, loss.at);
  bytes_lost_ += loss.bytes;
  events_lost_ += loss.events;
  const bool sampled = loss.keys_per_million < keys_per_million_;
  if (sampled) keys_per_million_ = loss.keys_per_million;
  const bool hole = loss.connection == 0 && loss.events > 0 && !sampled;
  if (!sampled && !hole) return;
  // The commands in between are unknown, so that no fact may span the gap.
  keys_.for_each([&](key_state& key) {
    if (sampled && is_examined(key.name)) return;
    close(key, false);
    key.state = key_state::presence::unknown;
    key.has_ttl = false;
  });
}

/// The loads of all keys cannot be compared with the traffic of a share of the keys.
bool engine::body::is_comparable(const audit::origin_loads& loads) const {
  return keys_per_million_ == all_keys || (!loads.key.empty() && is_examined(loads.key));
}

void engine::body::add_origin_loads(const audit::origin_loads& loads) {
  now_ = std::max(now_, loads.at);
  origin_loads_ = origin_loads_.value_or(0) + loads.count;
  origin_counts_.add(0, loads.at, loads.count);
  outages_.add_loads(loads.at, loads.count);
  // An application that has lost its cache loads without it, also for a while afterwards.
  if (loads.key.empty() || !outages_.is_empty()) return;
  // A load follows a miss, so the key is in the table unless it has been forgotten.
  const key_state* const named = keys_.find(0, loads.key);
  if (named == nullptr) return;
  key_state& key = *keys_.find(named->ref);
  key.origin_loads += loads.count;
  key.pattern->origin_loads += loads.count;
}

void engine::body::take(const cold_event& event, const key_state& key) {
  timeline_builder_.add_cold_event(event, key);
  progress.cold_events.fetch_add(1, std::memory_order_relaxed);
  if (event.demand.contended)
    progress.contended_cold_events.fetch_add(1, std::memory_order_relaxed);
  if (is_excused(event, key)) {
    ++fault_report_.excused.cold_events;
    if (!event.demand.contended) return;
    ++fault_report_.excused.contended_cold_events;
    ++key.pattern->contended_cold_events_excused;
    return;
  }
  for (rule* const listener : listeners_for(interest::cold_events))
    listener->on_cold_event(event, key, *this);
}

void engine::body::take(const lock_hold& hold, const key_state& lock) {
  progress.lock_holds.fetch_add(1, std::memory_order_relaxed);
  if (is_excused(hold, lock)) {
    ++fault_report_.excused.lock_holds;
    return;
  }
  for (rule* const listener : listeners_for(interest::lock_holds))
    listener->on_lock_hold(hold, lock, *this);
}

void engine::body::take(const load& loaded, const key_state& key) {
  timeline_builder_.add_load(loaded, key);
  load_counts_.add(key.pattern->index, loaded.store.sent);
  progress.loads.fetch_add(1, std::memory_order_relaxed);
  if (sets_aside(key, loaded.store.connection, loaded.began, loaded.store.done)) return;
  for (rule* const listener : listeners_for(interest::loads)) listener->on_load(loaded, key, *this);
}

void engine::body::remove_loads(const pattern_state& pattern, moment at, std::uint64_t count) {
  count = load_counts_.remove(pattern.index, at, count);
  // They may have been counted before the pattern was united with others.
  for (const pattern_state& other : keys_.patterns()) {
    if (count == 0) return;
    if (!other.united || &keys_.now_at(other.index) != &pattern) continue;
    count = load_counts_.remove(other.index, at, count);
  }
}

void engine::body::retract_nx_loads(const cold_event& event, std::uint64_t count,
                                    const key_state& key) {
  std::uint64_t listed = 0;
  for (const load& mark : event.loading.loads) {
    if (!mark.by_nx) continue;
    remove_loads(*key.pattern, mark.store.sent, 1);
    ++listed;
  }
  remove_loads(*key.pattern, event.to, count - listed);
  timeline_builder_.remove_nx_loads(event, key);
  progress.loads.fetch_sub(count, std::memory_order_relaxed);
}

void engine::body::take(const refresh& refreshed, const key_state& key) {
  const op_summary& store = refreshed.store;
  const moment from = refreshed.last_store ? refreshed.last_store->sent : store.sent;
  if (sets_aside(key, store.connection, from, store.done)) return;
  for (rule* const listener : listeners_for(interest::refreshes))
    listener->on_refresh(refreshed, key, *this);
}

void engine::body::take(const settled_store& settled, const key_state& key) {
  if (sets_aside(key, settled.store.connection, settled.store.sent, now_)) return;
  for (rule* const listener : listeners_for(interest::settled_stores)) {
    listener->on_settled_store(settled, key, *this);
  }
}

void engine::body::take(const wait& ended_wait, const key_state& key) {
  if (sets_aside(key, ended_wait.connection, ended_wait.first, ended_wait.ended)) return;
  for (rule* const listener : listeners_for(interest::waits))
    listener->on_wait(ended_wait, key, *this);
}

}  // namespace drover::audit
