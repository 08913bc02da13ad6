// SPDX-License-Identifier: MIT
// The callers' part of a channel: how a request is added, and how its caller waits and leaves.
#include <new>
#include <stop_token>
#include <utility>

#include "connection/channel_state.hpp"
#include "connection/moments.hpp"

namespace drover::connection {
namespace {

fault forked() noexcept { return fault_of(fault_code::unreachable, is_a_fork_text); }

// The callback of a stop token: wakes the caller on its word, or, while the caller reads for all,
// with the bell.
struct stop_bell {
  wake_word& word;
  const bell& reader;
  void operator()() const noexcept {
    if ((word.raise(wake_word::stop) & wake_word::polling) != 0) reader.ring();
  }
};

outcome ended(pending& mine) noexcept {
  if (!mine.why && !mine.too_long) return {exchange_end::replied, {}};
  return {exchange_end::faulted, *mine.fault_of_end()};
}

}  // namespace

std::optional<fault> pending::fault_of_end() noexcept {
  if (!why && too_long) return fault_of(fault_code::corrupt, "a reply is longer than reply_max");
  return std::move(why);
}

std::optional<fault> channel::state::admit(pending& item) {
  if (stopping) return fault{fault_code::unreachable, "the client is being destroyed"};
  is_to_rest = false;
  switch (at) {
    case phase::up: return append(item);
    case phase::open: return refusal;
    case phase::connecting:
      if (greeting_now && std::this_thread::get_id() == service.get_id()) return append(item);
      return park(item);
    case phase::idle: break;
  }
  if (!start()) return fault{fault_code::overloaded, "no thread can be started"};
  auto refused = park(item);
  if (!refused) {
    at = phase::connecting;
    service_bell->ring();
  }
  return refused;
}

std::optional<fault> channel::state::park(pending& item) {
  if (parked_count >= with.slots_max ||
      parked_bytes + item.request.size() > with.queued_bytes_max) {
    return fault{fault_code::overloaded, "too many requests wait for a connection"};
  }
  const auto moment = now();
  breaker.request_made(moment);
  item.parked_until = after(moment, with.connect_max);
  if (live == nullptr && breaker.next_attempt() >= item.parked_until) {
    return fault{fault_code::unreachable, "the next attempt to connect would come too late"};
  }
  // The service thread ends the wait of a parked request, but may sleep longer between two
  // attempts.
  if (parked.empty()) service_bell->ring();
  item.at = slot::stage::parked;
  ++parked_count;
  parked_bytes += item.request.size();
  parked.push_back(item);
  return std::nullopt;
}

std::optional<fault> channel::state::append(pending& item) {
  const bool was_quiet = live->traffic->due() == 0;
  if (auto appended = live->traffic->append(item.request, item); !appended) return appended.error();
  item.on = live.get();
  if (was_quiet) live->watch.begin(now(), live->traffic->unwritten());
  return std::nullopt;
}

outcome channel::state::exchange(std::string_view request, std::span<resp::message> replies,
                                 const wait_limit& within) {
  if (is_a_fork()) return {exchange_end::faulted, forked()};
  if (within.stop.stop_requested()) return {exchange_end::stopped, {}};
  if (within.deadline && *within.deadline <= now()) return {exchange_end::deadline_passed, {}};
  call mine{request, replies};
  bool writes = false;
  bool reads = false;
  bool in_company = false;
  {
    const locked lock{mutex};
    try {
      if (auto refused = admit(mine)) return {exchange_end::faulted, *std::move(refused)};
    } catch (const std::bad_alloc&) {
      return {exchange_end::faulted, fault_of(fault_code::overloaded, "no memory for a request")};
    }
    if (mine.at == slot::stage::due) {
      in_company = live->reader != link::role::nobody;
      writes = !std::exchange(live->writing, true);
      reads = !writes && !in_company;
      if (reads) live->reader = link::role::caller;
    }
  }
  std::optional<std::stop_callback<stop_bell>> on_stop;
  if (within.stop.stop_possible()) on_stop.emplace(within.stop, stop_bell{mine.word, reader_bell});
  if (writes) reads = flush(*mine.on, &mine, in_company);
  return wait(mine, within, reads);
}

outcome channel::state::wait(call& mine, const wait_limit& within, bool reads) {
  for (;;) {
    if (reads) {
      switch (read_for_all(*mine.on, mine, within)) {
        case leaving::ended: return ended(mine);
        case leaving::broken: break;
        case leaving::deadline: return leave(mine, exchange_end::deadline_passed);
        case leaving::stop: return leave(mine, exchange_end::stopped);
      }
    }
    const auto signals =
        mine.word.wait(wake_word::done | wake_word::lead | wake_word::stop, within.deadline);
    if ((signals & wake_word::done) != 0) return ended(mine);
    reads = (signals & wake_word::lead) != 0;
    if (reads) {
      mine.word.take(wake_word::lead);
    } else {
      return leave(mine, (signals & wake_word::stop) != 0 ? exchange_end::stopped
                                                          : exchange_end::deadline_passed);
    }
  }
}

// The caller leaves. The replies to its slot are dropped when they come. If it has the reader role,
// or is being given it, the role goes to the next caller.
outcome channel::state::leave(call& mine, exchange_end why) {
  locked lock{mutex};
  if (mine.at == slot::stage::ended) {
    lock.unlock();
    mine.word.wait(wake_word::done, std::nullopt);
    return ended(mine);
  }
  if (mine.at == slot::stage::parked) {
    unpark(mine);
    return {why, {}};
  }
  link& on = *live;
  on.traffic->abandon(mine);
  const void* heir = nullptr;
  if (mine.reading) {
    on.reader = link::role::nobody;
    on.exact_silence.store(true, std::memory_order_relaxed);
    heir = pass_reader(on);
  } else if (on.reader == link::role::nobody) {
    heir = pass_reader(on);
  }
  lock.unlock();
  if (heir != nullptr) wake_word::wake(heir);
  return {why, {}};
}

// Called under the lock. When it throws, nothing has changed.
std::optional<fault> channel::state::admit_posted(posted& item) {
  if (item.manner.only_epoch != 0 && (at != phase::up || connections != item.manner.only_epoch)) {
    return fault{fault_code::superseded, "the connection was lost"};
  }
  if (item.manner.may_stall && !stalls.is_open()) {
    switch (stalls.ask(now())) {
      case stall_gate::pass::free: break;
      case stall_gate::pass::trial: item.is_trial = true; break;
      case stall_gate::pass::none:
        return fault{fault_code::unreachable, "the server holds such requests back"};
    }
  }
  try {
    auto refused = admit(item);
    if (refused && !is_served) throw std::bad_alloc{};  // no thread could call `done`
    return refused;
  } catch (...) {
    if (item.is_trial) stalls.trial_ended(false);
    throw;
  }
}

void channel::state::post(std::string request, unsigned replies, completion done,
                          posting behaviour) {
  auto item = std::make_unique<posted>(std::move(request), replies, std::move(done), behaviour);
  if (is_a_fork()) {
    if (item->done) item->done(forked());
    return;
  }
  link* on = nullptr;
  {
    const locked lock{mutex};
    auto refused = admit_posted(*item);
    const bool is_due = item->at == slot::stage::due;
    posted& held = *item.release();
    if (refused) {
      held.why = std::move(refused);
      held.at = slot::stage::ended;
      finished.push_back(held);
      service_bell->ring();
      return;
    }
    if (is_due && !greeting_now && !std::exchange(live->writing, true)) on = live.get();
  }
  if (on != nullptr) static_cast<void>(flush(*on, nullptr, false));
}

}  // namespace drover::connection
