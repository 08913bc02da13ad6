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

/// Of all keys that many at most have an open cold event, or lock holds that are not told yet.
constexpr std::size_t open_share = 4;
constexpr std::size_t pttls_max = 200'000;
/// A hit is remembered for timelines when something else happened to its key that recently, or when
/// none was for so long: hits are the bulk of all traffic.
constexpr moment eventful = std::chrono::seconds(1);
constexpr moment uneventful_gap = std::chrono::milliseconds(10);

}  // namespace

engine::engine(settings told, std::vector<std::unique_ptr<rule>> rules)
    : body_(std::make_unique<body>(std::move(told), std::move(rules))) {}
engine::~engine() = default;

void engine::feed(const record& what) { body_->feed(what); }
void engine::feed(const event& what) { body_->feed(what); }
audit_result engine::finish() { return body_->finish(); }
const engine_progress& engine::progress() const { return body_->progress; }
const rule_context& engine::seen() const { return *body_; }

engine::body::body(settings told, std::vector<std::unique_ptr<rule>> rules)
    : told_(std::move(told)),
      rules_(std::move(rules)),
      connections_(told_.connections_max),
      keys_(told_, [this](key_state& key) { close(key, false); }),
      history_(told_.history_max),
      colds_(keys_, connections_, *this, told_.keys_max / open_share + 1),
      lock_holds_(keys_, connections_, colds_, *this, told_.keys_max / open_share + 1),
      stores_(keys_, *this),
      waits_(*this),
      timeline_builder_(told_, connections_) {
  for (const std::unique_ptr<rule>& each : rules_) {
    const interest::bits wanted = each->wants();
    for (std::size_t bit = 0; bit < bits; ++bit) {
      if ((wanted >> bit & 1U) != 0) listeners_[bit].push_back(each.get());
    }
  }
}

const engine::body::listeners& engine::body::who_wants(interest::bits bit) const {
  return listeners_[static_cast<std::size_t>(std::countr_zero(bit))];
}

void engine::body::feed(const record& what) {
  if (const event* const command = std::get_if<event>(&what)) {
    feed(*command);
    return;
  }
  std::visit(
      [&](const auto& one) {
        using type = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<type, capture_begun>) {
          capture_ = one;
          normaliser_.begun(one);
          if (one.keys_hidden) keys_.hide_keys();
        } else if constexpr (std::is_same_v<type, connection_opened>) {
          connections_.opened(one);
          progress.connections.store(connections_.connections_seen(), std::memory_order_relaxed);
        } else if constexpr (std::is_same_v<type, connection_named>) {
          connections_.named(one);
        } else if constexpr (std::is_same_v<type, connection_closed>) {
          normaliser_.closed(one.connection);
          connections_.closed(one);
        } else if constexpr (std::is_same_v<type, script_seen>) {
          normaliser_.seen(one);
        } else if constexpr (std::is_same_v<type, push_received>) {
          connections_.is_told(one.connection);
        } else if constexpr (std::is_same_v<type, audit::origin_loads>) {
          origin_told(one);
        } else if constexpr (std::is_same_v<type, tool_acted>) {
          colds_.tool_acted(one);
        } else if constexpr (std::is_same_v<type, sight_lost>) {
          lost_sight(one);
        } else if constexpr (std::is_same_v<type, server_said>) {
          if (!one.maxmemory_policy.empty()) eviction_policy_ = one.maxmemory_policy;
          if (!one.key.empty() && pttls_.size() < pttls_max) pttls_[one.key] = one.pttl;
        } else if constexpr (std::is_same_v<type, capture_ended>) {
          now_ = std::max(now_, one.at);
        }
      },
      what);
  for (rule* const each : who_wants(interest::records)) each->on_record(what, *this);
}

void engine::body::feed(const event& what) {
  ++commands_;
  // Seldom enough not to be felt on the way of every command.
  if (commands_ % 64 == 0) progress.commands.store(commands_, std::memory_order_relaxed);
  now_ = std::max(now_, what.done);
  bytes_read_ += 32 + what.answer.of.length;
  for (const field& each : what.arguments) bytes_read_ += each.of.length;
  connection_facts& who = connections_.sees(what);
  for (rule* const each : who_wants(interest::events)) each->on_event(what, *this);
  const std::span<const op> ops = normaliser_.ops_of(what, who.process);
  if (ops.empty()) without_keys(what);
  for (const op& each : ops) apply(each, who);
  stores_.time_passed(what.sent);
}

void engine::body::without_keys(const event& what) {
  const std::string& name = what.command;
  if (name == "FLUSHALL" || name == "FLUSHDB") {
    keys_.flush(what.database, name == "FLUSHALL");
  } else if (name.find("SUBSCRIBE") != std::string::npos || name == "CLIENT TRACKING") {
    connections_.is_told(what.connection);
  }
}

bool engine::body::is_remembered(const key_state& key, const op& what) const {
  if (!what.is_hit() || key.cold != nullptr || key.lock != nullptr) return true;
  const auto recent = [&](const auto& m, moment limit) { return m && what.sent - m->done < limit; };
  if (recent(key.last_miss, eventful) || recent(key.last_store, eventful)) return true;
  return recent(key.last_remove, eventful) || !recent(key.last_hit, uneventful_gap);
}

void engine::body::apply(const op& what, connection_facts& who) {
  if (one_in_ > 1 && !in_sample(what.key_hash, one_in_)) return;
  key_state& key = keys_.touch(what.database, what.key);
  key.hash = what.key_hash;
  const bool hit = what.is_hit();
  const interest::bits kind = hit ? interest::hits : interest::of(what.is);
  for (rule* const each : who_wants(kind)) each->on_op(what, key, *this);
  if (is_remembered(key, what)) history_.add(what, key);
  timeline_builder_.op_seen(what, key);
  bool is_load = false;
  switch (what.is) {
    case op_kind::read: apply_read(key, what, who); break;
    case op_kind::exists:
      if (key.lock != nullptr) lock_holds_.looked(key, what);
      if (what.came == op_outcome::yes && (key.lock != nullptr || key.pattern->lock_name)) {
        waits_.refused(key, what);
      } else if (key.waits != nullptr) {
        waits_.satisfied(key, what);
      }
      break;
    case op_kind::store: is_load = apply_store(key, what, who); break;
    case op_kind::acquire:
      is_load = apply_store(key, what, who);
      apply_acquire(key, what, who);
      break;
    case op_kind::remove:
      lock_holds_.remove(key, what);
      if (key.guard.is_set()) lock_holds_.value_removed(key, what);
      break;
    case op_kind::compare_remove: lock_holds_.compare_remove(key, what); break;
    case op_kind::expire: lock_holds_.expire(key, what); break;
    case op_kind::compare_expire: lock_holds_.compare_expire(key, what); break;
    case op_kind::change:
      if (what.command.starts_with("B")) connections_.is_told(what.connection);
      break;
    case op_kind::opaque: break;
  }
  stores_.apply(key, what, is_load);
}

void engine::body::apply_read(key_state& key, const op& what, connection_facts& who) {
  const bool missed = what.is_miss();
  const bool again = (missed || key.guard.is_set()) && lock_holds_.read(key, what);
  if (key.lock != nullptr) lock_holds_.looked(key, what);
  if (missed) {
    colds_.missed(key, what, again);
    if (!again) waits_.refused(key, what);
    return;
  }
  if (!what.is_hit()) return;
  who.hits[who.next_hit] = {key.ref, what.sent, what.done, what.sequence};
  who.next_hit = static_cast<std::uint8_t>((who.next_hit + 1) % who.hits.size());
  if (key.cold != nullptr) colds_.hit(key, what);
  if (key.waits != nullptr) waits_.satisfied(key, what);
}

std::optional<op_summary> engine::body::last_hit_of(const key_state& key, const op& what,
                                                    const connection_facts& who) const {
  const connection_facts::hit* last = nullptr;
  for (const connection_facts::hit& each : who.hits) {
    if (each.key == key.ref && each.sequence != 0 &&
        (last == nullptr || each.sequence > last->sequence)) {
      last = &each;
    }
  }
  if (last != nullptr) {
    op_summary made;
    made.sent = last->sent;
    made.done = last->done;
    made.sequence = last->sequence;
    made.connection = what.connection;
    made.process = what.process;
    made.is = op_kind::read;
    made.came = op_outcome::yes;
    return made;
  }
  if (key.last_hit && key.last_hit->process == what.process) return key.last_hit;
  return std::nullopt;
}

/// Whether it was a load.
bool engine::body::apply_store(key_state& key, const op& what, const connection_facts& who) {
  const bool yes = what.came == op_outcome::yes;
  cold_tracker::stored stored = colds_.store(key, what);
  const bool is_load = stored.as == cold_tracker::counted::yes;
  const bool is_store = what.is == op_kind::store;
  if (is_store && key.lock != nullptr) lock_holds_.store(key, what);
  std::uint64_t lock_hold = 0;
  if (yes && (is_store || is_load) && stored.as != cold_tracker::counted::merged) {
    lock_hold = lock_holds_.stored(key, what, is_load ? &stored.what : nullptr);
  }
  if (is_load) {
    colds_.add(key, stored.what);
    take(stored.what, key);
  } else if (yes && is_store && stored.as == cold_tracker::counted::no &&
             key.there == key_state::presence::present) {
    stores_.refreshed(key, what, last_hit_of(key, what, who), lock_hold);
  }
  if (yes && key.waits != nullptr) waits_.satisfied(key, what);
  return is_load;
}

void engine::body::apply_acquire(key_state& key, const op& what, const connection_facts&) {
  lock_holds_.acquire(key, what);
  if (what.came == op_outcome::no) waits_.refused(key, what);
}

void engine::body::close(key_state& key, bool run_over) {
  if (key.cold != nullptr) colds_.close(key, false);
  if (key.lock != nullptr) lock_holds_.close(key, run_over, now_);
  if (key.waits != nullptr) waits_.close(key);
  stores_.close(key);
}

void engine::body::lost_sight(const sight_lost& what) {
  now_ = std::max(now_, what.at);
  bytes_lost_ += what.bytes;
  events_lost_ += what.events;
  const bool sampled = what.one_in > one_in_;
  if (sampled) one_in_ = what.one_in;
  const bool hole = what.connection == 0 && what.events > 0 && !sampled;
  if (!sampled && !hole) return;
  // What went on meanwhile is not known: no fact may reach across.
  keys_.each([&](key_state& key) {
    if (sampled && in_sample(key.hash, one_in_)) return;
    close(key, false);
    key.there = key_state::presence::unknown;
    key.has_ttl = false;
  });
}

void engine::body::origin_told(const audit::origin_loads& what) {
  now_ = std::max(now_, what.at);
  origin_loads_ = origin_loads_.value_or(0) + what.count;
  timeline_builder_.origin_loaded(what.at, what.count);
  if (what.key.empty()) return;
  // A load follows a miss: the key is known, or has been forgotten.
  const key_state* const named = keys_.find(0, what.key);
  if (named == nullptr) return;
  key_state& key = *keys_.find(named->ref);
  key.origin_loads += what.count;
  key.pattern->origin_loads += what.count;
}

void engine::body::take(const cold_event& what, const key_state& key) {
  timeline_builder_.closed(what, key);
  progress.cold_events.fetch_add(1, std::memory_order_relaxed);
  if (what.contended) progress.contended_cold_events.fetch_add(1, std::memory_order_relaxed);
  for (rule* const each : who_wants(interest::cold_events)) each->on_cold_event(what, key, *this);
}

void engine::body::take(const lock_hold& what, const key_state& lock) {
  progress.lock_holds.fetch_add(1, std::memory_order_relaxed);
  for (rule* const each : who_wants(interest::lock_holds)) each->on_lock_hold(what, lock, *this);
}

void engine::body::take(const load& what, const key_state& key) {
  timeline_builder_.loaded(what, key);
  progress.loads.fetch_add(1, std::memory_order_relaxed);
  for (rule* const each : who_wants(interest::loads)) each->on_load(what, key, *this);
}

void engine::body::take(const refresh& what, const key_state& key) {
  for (rule* const each : who_wants(interest::refreshes)) each->on_refresh(what, key, *this);
}

void engine::body::take(const settled_store& what, const key_state& key) {
  for (rule* const each : who_wants(interest::settled_stores)) {
    each->on_settled_store(what, key, *this);
  }
}

void engine::body::take(const wait& what, const key_state& key) {
  for (rule* const each : who_wants(interest::waits)) each->on_wait(what, key, *this);
}

}  // namespace drover::audit
