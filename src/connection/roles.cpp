// SPDX-License-Identifier: MIT
// The work of the writer and the reader of a connection for all callers. arrivals.cpp handles
// replies and pushes.
#include <sched.h>

#include <utility>

#include "connection/channel_state.hpp"

namespace drover::connection {
namespace {

// About the time to halt and wake the processor twice. Polling longer does not pay.
constexpr microseconds spin_max{50};

}  // namespace

// Precondition: the caller has the writer role. Gives it back. Returns whether `self` has become
// the reader.
bool channel::state::flush(link& on, const call* self, bool yield_first) {
  // Other callers are about to append; wait so that one system call writes all requests.
  if (yield_first) ::sched_yield();
  locked lock{mutex};
  write_out(on, lock);
  if (on.reader != link::role::nobody) return false;
  if (self != nullptr && self->at == slot::stage::due && !on.broken) {
    on.reader = link::role::caller;
    return true;
  }
  const void* const heir = pass_reader(on);
  lock.unlock();
  if (heir != nullptr) wake_word::wake(heir);
  return false;
}

// Writes until nothing is left and gives the writer role back, or until the socket is full and
// passes the role to the service thread. A failed write is not handled here, because the reader may
// still receive replies.
void channel::state::write_out(link& on, locked& lock) {
  for (;;) {
    if (on.sent == on.outgoing.size()) {
      on.outgoing.clear();
      on.sent = 0;
      if (!on.traffic->has_output()) break;
      on.traffic->take_output(on.outgoing);
    }
    lock.unlock();
    const auto sent = on.socket.send(std::string_view{on.outgoing}.substr(on.sent));
    lock.lock();
    if (sent.status == transfer_status::would_block) {
      if (!std::exchange(on.late, true)) service_bell->ring();
      return;
    }
    auto bytes = sent.bytes;
    if (sent.status == transfer_status::ended) {
      on.socket.hang_up();
      bytes = on.outgoing.size() - on.sent;
    } else {
      on.watch.wrote(bytes, on.late, on.late ? now() : steady_time{});
    }
    on.sent += bytes;
    on.traffic->wrote(bytes);
  }
  on.late = false;
  on.writing = false;
  if (on.broken) service_bell->ring();
}

// Precondition: the caller has the reader role. Passes the role on when its own slot has ended or
// the connection is broken. When it returns for a limit of the caller, the caller still has the
// role.
channel::state::leaving channel::state::read_for_all(link& on, call& self,
                                                     const wait_limit& within) {
  self.reading = true;
  for (;;) {
    std::optional<leaving> limit;
    const auto got = receive(on, self, within, limit);
    if (limit) return *limit;
    arrivals came;
    const void* heir = nullptr;
    locked lock{mutex};
    digest(on, got, came);
    // Handlers and completions run in order, so the next reader must not begin before they have
    // returned.
    if (came.has_posted || !came.pushes.empty()) {
      lock.unlock();
      const bool went_well = deliver(came, &self);
      lock.lock();
      if (!went_well) break_off(on, health::loss::ended, fault_code::overloaded, handler_threw);
    }
    const bool has_ended = self.at == slot::stage::ended;
    const bool over = has_ended || on.broken;
    if (over) {
      self.reading = false;
      on.reader = link::role::nobody;
      heir = pass_reader(on);
    }
    lock.unlock();
    static_cast<void>(deliver(came, &self));
    if (heir != nullptr) wake_word::wake(heir);
    if (over) return has_ended ? leaving::ended : leaving::broken;
  }
}

transfer channel::state::receive(link& on, call& self, const wait_limit& within,
                                 std::optional<leaving>& limit) {
  const bool is_limited = within.deadline || within.stop.stop_possible();
  if (is_limited) {
    if ((self.word.bits() & wake_word::stop) != 0) limit = leaving::stop;
    if (within.deadline && *within.deadline <= now()) limit = leaving::deadline;
    if (limit) return {};
  }
  if (with.spin) {
    if (const auto got = spin(on)) return *got;
  }
  if (!is_limited && !on.exact_silence.load(std::memory_order_relaxed)) {
    return on.socket.receive_or_wait(on.incoming);
  }
  auto until = on.watch.silent_at();
  if (within.deadline && *within.deadline < until) until = *within.deadline;
  if ((self.word.raise(wake_word::polling) & wake_word::stop) == 0) {
    const auto ready = wait_for(reader_bell, &on.socket, {true, false, false}, until);
    if (!ready.input) reader_bell.hush();
  }
  const auto signals = self.word.take(wake_word::polling);
  const auto got = on.socket.receive(on.incoming);
  if (got.status == transfer_status::would_block && (signals & wake_word::stop) != 0)
    limit = leaving::stop;
  return got;
}

std::optional<transfer> channel::state::spin(link& on) {
  auto got = on.socket.receive(on.incoming);
  if (got.status != transfer_status::would_block) return got;
  if (!on.gauge.wants_a_try()) return std::nullopt;
  const auto end = now() + spin_max;
  do {
    ::sched_yield();
    got = on.socket.receive(on.incoming);
    if (got.status != transfer_status::would_block) {
      // If other threads kept the processor for long, the yields cost more than the sleep that they
      // saved.
      now() < end ? on.gauge.paid() : on.gauge.wasted();
      return got;
    }
  } while (now() < end);
  on.gauge.wasted();
  return std::nullopt;
}

// Called under the lock, while no thread has the reader role. If replies are due, gives the role to
// the first waiting caller in the queue, otherwise to the service thread. Returns the word of the
// caller to wake, if any.
const void* channel::state::pass_reader(link& on) {
  if (on.broken) {
    service_bell->ring();
    return nullptr;
  }
  if (slot* const first = on.traffic->first_blocking()) {
    on.reader = link::role::caller;
    auto& heir = static_cast<call&>(*first);
    heir.reading = true;
    return heir.word.raise_quietly(wake_word::lead) ? heir.word.address() : nullptr;
  }
  if (wants_to_read(on)) service_bell->ring();
  return nullptr;
}

}  // namespace drover::connection
