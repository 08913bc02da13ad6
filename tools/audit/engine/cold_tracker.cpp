// SPDX-License-Identifier: MIT
#include "audit/engine/cold_tracker.hpp"

#include <algorithm>

namespace drover::audit {

namespace {

constexpr std::size_t misses_max = 256;
constexpr std::size_t misses_of_flow_max = 16;
constexpr std::size_t requesters_max = 128;
constexpr std::size_t loaders_max = 64;
/// A value that NX stores is a mark only up to this length. A mark names its loader: an id, a
/// token.
constexpr std::uint64_t pending_bytes_max = 128;
/// Loader ids from here on stand for multiplexed connections, smaller ones for processes.
constexpr std::uint64_t connections_begin = std::uint64_t{1} << 32U;
constexpr std::size_t tool_actions_max = 4'096;

using std::chrono::milliseconds;
using std::chrono::minutes;

/// A miss older than this does not belong to a store: 4 load times, plus some time for a busy
/// machine.
moment start_limit(moment delta) {
  return delta > moment::zero() ? 4 * delta + milliseconds(100) : moment(minutes(1));
}
/// A store without a miss that begins this long after the first store belongs to no cold event.
moment herd_limit(moment delta) { return delta * 3 / 2 + milliseconds(50); }
/// A cold event this soon after the tool deleted the key is caused by the tool.
constexpr moment tool_window = std::chrono::seconds(2);
/// Two clients that miss a key within this time wanted it at once, even if it is never stored.
constexpr moment together_limit = milliseconds(100);
/// A waiter pauses at least this long between two polls. A shorter gap is the one between a miss
/// and the attempt to acquire the lock.
constexpr moment pause_min = milliseconds(20);
/// A client that sets a value does so right after it found none, in less time than a load takes. By
/// then others have been missing the key for much longer, several times, and have loaded nothing.
constexpr moment setting_max = milliseconds(5);
constexpr moment vain_min = milliseconds(100);
constexpr std::size_t vain_misses_min = 2;
/// A load that takes less than the usual time divided by this is none.
constexpr int loads_shorter = 4;

}  // namespace

cold_tracker::cold_tracker(key_table& keys, const connection_book& connections, fact_sink& sink,
                           std::size_t open_max)
    : keys_(keys), connections_(connections), sink_(sink), open_max_(open_max) {}

moment cold_tracker::delta_of(const key_state& key, const cold_book& book) const {
  const moment known = key.pattern->load_time();
  if (known > moment::zero()) return known;
  // Without a known load time, the first load shows it. If the first client to store had not missed
  // the key, its store says nothing about a load.
  if (!book.event.first_store || book.event.loading.loads.empty() || book.read_before)
    return moment{};
  const load& first = book.event.loading.loads.front();
  if (!first.missed || first.store.sequence != book.event.first_store->sequence) return moment{};
  return std::max(moment{1}, book.event.first_store->sent - book.event.from);
}

bool cold_tracker::is_settled(const key_state& key, const cold_book& book, moment now) const {
  if (!book.event.first_store || book.marked_only) return false;
  return now > book.last_store_done + start_limit(delta_of(key, book));
}

cold_book& cold_tracker::open(key_state& key, const op& operation) {
  if (open_ >= open_max_) {
    while (!opened_.empty()) {
      key_state* const oldest = keys_.find(opened_.front());
      opened_.pop_front();
      if (oldest == nullptr || oldest->cold == nullptr) continue;
      close(*oldest, false);
      break;
    }
  }
  // Drop closed cold events now and then, so that the queue is not much longer than the number of
  // open ones.
  if (opened_.size() > 2 * open_ + 64) {
    std::erase_if(opened_, [&](key_ref ref) {
      const key_state* const candidate = keys_.find(ref);
      return candidate == nullptr || candidate->cold == nullptr;
    });
  }
  key.cold = std::make_unique<cold_book>();
  ++open_;
  opened_.push_back(key.ref);
  cold_event& event = key.cold->event;
  event.key = key.ref;
  event.from = operation.sent;
  event.to = operation.done;
  event.first_miss = op_summary(operation);
  key.cold->read_before =
      key.last_hit && operation.sent - key.last_hit->done <= start_limit(key.pattern->load_time());
  return *key.cold;
}

bool cold_tracker::is_concurrent(const cold_book::loader& loader) const {
  const auto& processes = connections_.processes();
  if (loader.id >= connections_begin) return true;  // multiplexed
  return loader.id != 0 && loader.id < processes.size() && processes[loader.id].is_concurrent;
}

/// The loader of a process. If the pid is unknown, each multiplexed connection is a loader.
cold_book::loader* cold_tracker::loader_of(cold_book& book, std::uint32_t process,
                                           std::uint64_t connection) {
  const auto& processes = connections_.processes();
  const bool known = process < processes.size() && processes[process].pid != 0;
  const bool by_connection = !known && connections_.is_multiplexed(connection);
  const std::uint64_t id = by_connection ? connections_begin + connection : process;
  const auto at = std::find_if(book.loaders.begin(), book.loaders.end(),
                               [&](const cold_book::loader& l) { return l.id == id; });
  if (at != book.loaders.end()) return &*at;
  if (book.loaders.size() >= loaders_max) return nullptr;
  book.loaders.push_back({.id = id, .process = process});
  return &book.loaders.back();
}

cold_book::requester* cold_tracker::count_request(cold_book& book, const op& operation,
                                                  bool is_poll) {
  auto at = std::find_if(
      book.requesters.begin(), book.requesters.end(),
      [&](const cold_book::requester& a) { return a.connection == operation.connection; });
  if (at == book.requesters.end()) {
    if (book.requesters.size() >= requesters_max) return nullptr;
    book.requesters.push_back(
        {operation.connection, operation.process, 0, 0, operation.done, moment{}, false});
    at = std::prev(book.requesters.end());
    if (is_poll) at->polls = 1;
    return &*at;
  }
  if (is_poll && !book.event.first_store) {
    ++at->polls;
    ++book.event.waiting.polls;
    at->longest_gap = std::max(at->longest_gap, operation.sent - at->last);
    book.event.waiting.longest_gap = std::max(book.event.waiting.longest_gap, at->longest_gap);
    book.event.waiting.last_poll = std::max(book.event.waiting.last_poll, operation.done);
  }
  at->last = std::max(at->last, operation.done);
  return &*at;
}

void cold_tracker::missed(key_state& key, const op& operation, bool is_second_look) {
  cold_book* book = key.cold.get();
  if (book != nullptr && book->event.first_store &&
      (operation.sent >= book->last_store_done || is_settled(key, *book, operation.sent))) {
    close(key, true);
    book = nullptr;
  }
  if (book == nullptr) book = &open(key, operation);
  cold_event& event = book->event;
  event.from = std::min(event.from, operation.sent);
  event.to = std::max(event.to, operation.done);
  ++event.demand.misses;
  ++event.demand.reads;
  if (cold_book::requester* const requester = count_request(*book, operation, !is_second_look))
    ++requester->misses;
  remember_miss(*book, operation, is_second_look);
  cold_book::loader* const loader = loader_of(*book, operation.process, operation.connection);
  if (loader == nullptr || is_second_look || event.first_store) return;
  ++loader->misses;
  if (loader->misses == 1) loader->connection = operation.connection;
  if (loader->connection != operation.connection) loader->on_several = true;
}

/// Remembers the miss of a flow. Clients that poll fast push out their own misses, and not the one
/// with which another client's load began.
void cold_tracker::remember_miss(cold_book& book, const op& operation, bool is_second_look) {
  std::vector<cold_book::miss>& misses = book.misses;
  const auto is_own = [&](const cold_book::miss& m) {
    return m.connection == operation.connection;
  };
  const auto own = static_cast<std::size_t>(std::count_if(misses.begin(), misses.end(), is_own));
  if (own >= misses_of_flow_max) {
    // The first one stays, because it may begin a load. The second one is the oldest of the others.
    const auto first = std::find_if(misses.begin(), misses.end(), is_own);
    misses.erase(std::find_if(std::next(first), misses.end(), is_own));
  }
  if (misses.size() >= misses_max) misses.erase(misses.begin());
  misses.push_back({operation.sent, operation.done, operation.connection, operation.batch,
                    operation.process, false, is_second_look});
}

std::size_t cold_tracker::possible_starts(const key_state& key, const op& operation) const {
  if (key.cold == nullptr) return 0;
  const moment delta = load_time_of(key);
  const auto count = std::count_if(
      key.cold->misses.begin(), key.cold->misses.end(), [&](const cold_book::miss& m) {
        if (m.is_used || m.process != operation.process || m.done > operation.sent) return false;
        const moment age = operation.sent - m.done;
        return delta <= moment{} || (age >= delta / 2 && age <= herd_limit(delta));
      });
  return static_cast<std::size_t>(count);
}

void cold_tracker::hit(key_state& key, const op& operation) {
  cold_book& book = *key.cold;
  ++book.event.demand.reads;
  if (is_settled(key, book, operation.sent)) {
    close(key, true);
    return;
  }
  if (!book.event.first_store || book.event.lock_attempts.empty() ||
      book.event.waiting.losers_satisfied)
    return;
  // A waiter finds the value at its next poll, even if it doubles its pauses. A client that reads
  // later may have loaded the value itself, and the client that stored may use the connection that
  // a loser had before. Such hits do not show that a loser was satisfied.
  const op_summary& store = *book.event.first_store;
  const moment pause = book.event.waiting.longest_gap;
  const bool by_storer = operation.connection == store.connection &&
                         !connections_.is_multiplexed(operation.connection);
  if (pause >= pause_min && (by_storer || operation.sent > store.done + 2 * pause)) return;
  book.event.waiting.losers_satisfied = std::any_of(
      book.requesters.begin(), book.requesters.end(), [&](const cold_book::requester& a) {
        return a.lost && a.connection == operation.connection;
      });
}

void cold_tracker::match_miss(const key_state& key, cold_book& book, const op& operation,
                              moment delta, load& loaded) {
  cold_book::miss* best = nullptr;
  bool best_same = false;
  const bool shared = connections_.is_multiplexed(operation.connection);
  // If the process has read the stored value since, it may write that value back. Then only a miss
  // about one load time ago counts as the start of the load.
  const bool may_write_back =
      book.event.first_store && key.last_hit && key.last_hit->process == operation.process &&
      key.last_hit->sent >= book.event.first_store->done && key.last_hit->done <= operation.sent;
  const moment limit = may_write_back ? herd_limit(delta) : start_limit(delta);
  for (cold_book::miss& miss : book.misses) {
    if (miss.is_used || miss.process != operation.process || miss.done > operation.sent) continue;
    if (operation.sent - miss.done > limit) continue;
    const bool same = !shared && miss.connection == operation.connection;
    if (best == nullptr || same > best_same || (same == best_same && miss.sent >= best->sent)) {
      best = &miss;
      best_same = same;
    }
  }
  if (best == nullptr) return;
  best->is_used = true;
  loaded.missed = true;
  loaded.began = best->sent;
}

cold_tracker::classified_store cold_tracker::store(key_state& key, const op& operation) {
  classified_store result;
  cold_book* const book = key.cold.get();
  const bool refused = operation.outcome == op_outcome::no;
  if (book == nullptr || (operation.outcome != op_outcome::yes && !refused)) return result;
  if (refused && operation.condition == store_condition::present) return result;
  // The stores of one transaction or batch count as one: HSET, HSET, EXPIRE.
  if (book->last_store && book->last_store->connection == operation.connection &&
      book->last_store->batch == operation.batch) {
    book->last_store_done = std::max(book->last_store_done, operation.done);
    result.kind = store_kind::merged;
    return result;
  }
  const moment delta = delta_of(key, *book);
  load& loaded = result.loaded;
  loaded.key = key.ref;
  loaded.store = op_summary(operation);
  loaded.by_nx = operation.kind == op_kind::acquire;
  loaded.began = operation.sent;
  match_miss(key, *book, operation, delta, loaded);
  // A client with one caller that has read the value since changes it, and loads nothing.
  const bool has_read = book->event.first_store && key.last_hit &&
                        key.last_hit->process == operation.process &&
                        key.last_hit->sent >= book->event.first_store->done &&
                        connections_.has_one_caller(operation.process);
  if (loaded.missed && (has_read || is_setting(key, *book, loaded))) {
    loaded.missed = false;
    loaded.began = operation.sent;
  }
  const cold_event& event = book->event;
  const bool in_herd =
      !event.first_store || operation.sent < event.first_store->done + herd_limit(delta);
  const load* const mark = refused ? nullptr : mark_of(*book, operation);
  const bool ends_mark = mark != nullptr || (event.loading.by_nx > 0 &&
                                             (operation.condition == store_condition::script ||
                                              operation.condition == store_condition::equal));
  if (mark != nullptr && !loaded.missed) {
    loaded.missed = mark->missed;
    loaded.began = mark->began;
  }
  if (!loaded.missed && !ends_mark && !(in_herd && event.first_store && !has_read)) {
    // The store is no load, because its client had not missed the key. It ends the cold event too.
    if (!refused && !event.first_store) {
      book->event.first_store = loaded.store;
      book->last_store_done = operation.done;
      book->last_store = loaded.store;
    }
    return result;
  }
  loaded.in_cold_event = true;
  const op_summary& before = key.last_remove ? *key.last_remove : op_summary{};
  if (key.last_remove && before.sent >= loaded.began && before.done <= operation.sent &&
      !(before.connection == operation.connection && before.batch == operation.batch)) {
    loaded.deleted_between = before;
  }
  result.kind = store_kind::load;
  return result;
}

/// Whether the client sets a value that readers only look at, such as a flag: it loads nothing, and
/// readers have missed the key before without loading it.
bool cold_tracker::is_setting(const key_state& key, const cold_book& book,
                              const load& loaded) const {
  if (loaded.by_nx || book.event.first_store || !book.event.lock_attempts.empty()) return false;
  const moment gap = loaded.store.sent - loaded.began;
  const moment usual = key.pattern->load_time();
  if (gap > setting_max || (usual > moment{} && gap * loads_shorter > usual)) return false;
  std::size_t vain = 0;
  for (const cold_book::miss& miss : book.misses) {
    if (loaded.began - miss.done < vain_min) continue;
    // If the process has several callers, its earlier miss may have begun the load.
    const bool may_be_own = connections_.may_be_same_process(miss.process, loaded.store.process);
    if (may_be_own && !connections_.has_one_caller(loaded.store.process)) return false;
    ++vain;
  }
  return vain >= vain_misses_min;
}

/// The mark that this process has set with NX before it loaded, and now replaces by the value.
const load* cold_tracker::mark_of(const cold_book& book, const op& operation) {
  if (!book.marked_only || operation.kind != op_kind::store) return nullptr;
  const std::vector<load>& loads = book.event.loading.loads;
  const auto at = std::find_if(loads.begin(), loads.end(), [&](const load& l) {
    return l.by_nx && l.store.outcome == op_outcome::yes && l.store.process == operation.process;
  });
  return at == loads.end() ? nullptr : &*at;
}

void cold_tracker::add(key_state& key, const load& loaded) {
  cold_book& book = *key.cold;
  cold_event& event = book.event;
  if (book.marked_only && !loaded.by_nx && loaded.store.outcome == op_outcome::yes)
    book.mark_replaced = true;
  book.last_store = loaded.store;
  if (loaded.store.outcome == op_outcome::yes) {
    const bool is_mark = loaded.by_nx && loaded.store.value.length <= pending_bytes_max;
    book.marked_only = is_mark && (!event.first_store || book.marked_only);
    if (!event.first_store) event.first_store = loaded.store;
    book.last_store_done = std::max(book.last_store_done, loaded.store.done);
  }
  event.to = std::max(event.to, loaded.store.done);
  ++event.loading.count;
  if (loaded.by_nx) ++event.loading.by_nx;
  if (loaded.store.condition == store_condition::script ||
      loaded.store.condition == store_condition::equal) {
    ++event.loading.conditional;
  }
  if (event.loading.loads.size() < cold_event::loads_max) event.loading.loads.push_back(loaded);
  cold_book::loader* const loader = loader_of(book, loaded.store.process, loaded.store.connection);
  if (loader != nullptr) ++loader->loads;
}

void cold_tracker::lock_attempted(key_state& key, const key_state& lock, const op& operation,
                                  int name_affinity) {
  cold_book& book = *key.cold;
  std::vector<cold_event::locking>& locks = book.event.lock_attempts;
  auto at = std::find_if(locks.begin(), locks.end(),
                         [&](const cold_event::locking& l) { return l.lock == lock.ref; });
  if (at == locks.end()) {
    if (locks.size() >= 4) return;
    locks.push_back({lock.ref, lock.pattern->index, name_affinity, 0, 0});
    at = std::prev(locks.end());
  }
  if (operation.outcome == op_outcome::yes) ++at->won;
  if (operation.outcome != op_outcome::no) return;
  ++at->lost;
  if (cold_book::requester* const requester = count_request(book, operation, true))
    requester->lost = true;
}

void cold_tracker::polled(key_state& key, const op& operation) {
  count_request(*key.cold, operation, true);
}

void cold_tracker::count_requests(cold_book& book) {
  cold_event& event = book.event;
  const moment end = event.first_store ? event.first_store->done : event.to;
  const moment begin = event.loading.loads.empty() ? event.from : event.loading.loads.front().began;
  std::uint64_t shared_misses = 0;
  std::uint64_t during_load = 0;  // misses while the first load ran, except the one that began it
  moment first_other = moment::max();  // the first miss by another client
  for (const cold_book::miss& miss : book.misses) {
    if (miss.is_second_look || miss.sent >= end) continue;
    if (connections_.is_multiplexed(miss.connection)) ++shared_misses;
    const bool other =
        miss.connection != event.first_miss.connection ||
        (connections_.is_multiplexed(miss.connection) && miss.sent != event.first_miss.sent);
    if (other) first_other = std::min(first_other, miss.sent);
    if (miss.sent > begin || (miss.sent == begin && miss.connection != event.first_miss.connection))
      ++during_load;
  }
  std::uint64_t lost = 0;
  for (const cold_event::locking& attempt : event.lock_attempts) lost += attempt.lost;
  std::uint64_t single = 0;
  for (const cold_book::requester& requester : book.requesters) {
    if (!connections_.is_multiplexed(requester.connection)) ++single;
  }
  event.demand.requests = std::max<std::uint64_t>(single + shared_misses, 1);
  event.demand.contended =
      lost > 0 || event.loading.count > 1 ||
      (event.first_store && !event.loading.loads.empty() && during_load > 0) ||
      (first_other != moment::max() && first_other - event.from < together_limit);
  if (event.demand.contended)
    event.demand.requests = std::max<std::uint64_t>(event.demand.requests, 2);
}

void cold_tracker::sample_load_time(const key_state& key, cold_book& book) {
  const cold_event& event = book.event;
  if (event.loading.loads.empty()) return;
  const load& first = event.loading.loads.front();
  if (!first.missed || first.by_nx) return;
  // A load under a lock starts when the lock is won, any other load when the client gets the reply
  // to the first miss. `sent` of the miss would be too early, because a barrier may hold the reply.
  const moment start = first.lock_hold != 0 ? first.began : event.first_miss.done;
  const moment took = first.store.sent - start;
  if (took <= moment::zero() || took >= moment(minutes(10))) return;
  key.pattern->load_times.add(took);
  if (!book.read_before) key.pattern->sure_load_times.add(took);
}

/// Counts processes. An unplaced process may be any of the known ones, so it adds none.
void cold_tracker::count_processes(cold_book& book) {
  cold_event& event = book.event;
  bool unknown_missed = false;
  for (const cold_book::loader& loader : book.loaders) {
    if (connections_.is_unplaced(loader.process)) {
      unknown_missed = unknown_missed || loader.misses > 0;
      event.loading.unplaced += loader.loads;
      continue;
    }
    if (loader.misses > 0) ++event.demand.processes;
    // A process that asks again on its only connection polls; it has no second caller.
    if (loader.loads == 1 && (loader.on_several || is_concurrent(loader)))
      ++event.loading.sharing_processes;
    if (loader.loads > 0) ++event.loading.processes;
    event.loading.most_by_one_process = std::max(event.loading.most_by_one_process, loader.loads);
  }
  if (unknown_missed) event.demand.processes = std::max<std::uint64_t>(event.demand.processes, 1);
}

void cold_tracker::close(key_state& key, bool complete) {
  const std::unique_ptr<cold_book> book = std::move(key.cold);
  --open_;
  cold_event& event = book->event;
  event.complete = complete;
  event.by_tool = is_by_tool(key, event);
  count_requests(*book);
  const auto& processes = connections_.processes();
  for (const cold_book::requester& requester : book->requesters) {
    if (requester.misses > 0) ++event.demand.connections;
    const bool is_notified =
        requester.process < processes.size() && processes[requester.process].is_notified;
    event.waiting.notified = event.waiting.notified || is_notified;
  }
  if ((event.loading.conditional > 0 || book->mark_replaced) && event.loading.by_nx > 0) {
    // NX stored a mark that says that a client loads. The store that replaces the mark is the load.
    sink_.retract_nx_loads(event, event.loading.by_nx, key);
    std::erase_if(event.loading.loads, [](const load& l) { return l.by_nx; });
    event.loading.count -= event.loading.by_nx;
    key.pattern->loads -= std::min(key.pattern->loads, event.loading.by_nx);
    event.loading.by_nx = 0;
  }
  count_processes(*book);
  sample_load_time(key, *book);
  event.delta = key.pattern->load_time();
  ++key.pattern->cold_events;
  if (event.demand.contended) ++key.pattern->contended_cold_events;
  sink_.take(event, key);
}

bool cold_tracker::is_by_tool(const key_state& key, const cold_event& event) const {
  return std::any_of(tool_actions_.begin(), tool_actions_.end(),
                     [&](const audit::tool_acted& action) {
                       return action.key == key.name && action.from <= event.to &&
                              action.to + tool_window >= event.from;
                     });
}

void cold_tracker::add_tool_action(const audit::tool_acted& action) {
  if (tool_actions_.size() >= tool_actions_max) tool_actions_.erase(tool_actions_.begin());
  tool_actions_.push_back(action);
}

bool cold_tracker::is_perturbed(moment from, moment to) const {
  return std::any_of(
      tool_actions_.begin(), tool_actions_.end(),
      [&](const audit::tool_acted& action) { return action.from <= to && action.to >= from; });
}

}  // namespace drover::audit
