// SPDX-License-Identifier: MIT
// How the reader checks the replies and pushes that came, and delivers them to their owners.
#include <utility>

#include "connection/callback_scope.hpp"
#include "connection/channel_state.hpp"

namespace drover::connection {
namespace {

constexpr std::string_view too_late = "a reply did not come in time";

}  // namespace

// Called under the lock, with the reader role.
void channel::state::digest(link& on, transfer got, arrivals& came) {
  if (got.frees_writer) {
    on.may_write = true;
    service_bell->ring();
  }
  switch (got.status) {
    case transfer_status::moved: return digest_bytes(on, got.bytes, came);
    case transfer_status::would_block:
      if (on.traffic->due() == 0) return;
      on.exact_silence.store(true, std::memory_order_relaxed);
      if (got.sealed_bytes > 0) on.watch.came(got.sealed_bytes, now());
      if (got.sealed_bytes > 0 && on.watch.is_too_old(now())) {
        return break_off(on, health::loss::silent, fault_code::unreachable, too_late);
      }
      if (on.watch.is_silent(now())) {
        break_off(on, health::loss::silent, fault_code::unreachable, "the server is silent");
      }
      return;
    case transfer_status::ended: {
      const fault* const why = on.socket.why();
      break_off(on, health::loss::ended, fault_code::unreachable,
                why == nullptr ? "the connection was lost" : std::string_view{why->text});
      return;
    }
  }
}

void channel::state::digest_bytes(link& on, std::size_t bytes, arrivals& came) {
  const auto moment = now();
  const auto due_before = on.traffic->due();
  try {
    if (!on.traffic->take_in({on.incoming.data(), bytes}, came)) {
      break_off(on, health::loss::ended, fault_code::corrupt, on.traffic->error());
    }
  } catch (...) {
    break_off(on, health::loss::ended, fault_code::overloaded, "no memory for a reply");
  }
  const bool has_answered = on.traffic->due() < due_before;
  const bool only_pushes = due_before > 0 && !has_answered && came.reply_bytes == 0;
  on.exact_silence.store(only_pushes, std::memory_order_relaxed);
  if (has_answered) {
    on.answered = true;
    on.watch.ended(moment, on.traffic->unwritten());
    return;
  }
  if (came.reply_bytes > 0) on.watch.came(came.reply_bytes, moment);
  if (due_before > 0 && on.watch.is_too_old(moment)) {
    break_off(on, health::loss::silent, fault_code::unreachable, too_late);
  }
}

// Called outside the lock, with the reader role, or for slots that no longer belong to a
// connection. False when a handler or completion threw; the others were still called.
bool channel::state::deliver(arrivals& came, const call* self) noexcept {
  const callback_scope inside;
  bool went_well = true;
  std::size_t delivered_count = 0;
  auto push = came.pushes.begin();
  for (;;) {
    try {
      while (push != came.pushes.end() && push->after == delivered_count) {
        const auto& message = (push++)->message;
        if (to.push) to.push(message);
      }
      slot* const item = came.ended.pop_front();
      if (item == nullptr) break;
      ++delivered_count;
      if (item != self) tell(static_cast<pending&>(*item));
    } catch (...) {
      went_well = false;
    }
  }
  came.pushes.clear();
  return went_well;
}

void channel::state::tell(pending& item) {
  if (item.blocks) {
    static_cast<call&>(item).word.raise(wake_word::done);
    return;
  }
  const std::unique_ptr<posted> owned{&static_cast<posted&>(item)};
  auto why = owned->fault_of_end();
  if (owned->is_trial) {
    const locked lock{mutex};
    stalls.trial_ended(!why);
  }
  if (!owned->done) return;
  if (!why && owned->replies.empty() && owned->received > 0) {
    why = fault_of(fault_code::unsupported, "the server refused the subscription");
  }
  if (why) {
    owned->done(*std::move(why));
  } else {
    owned->done(std::move(owned->storage));
  }
}

// Called under the lock. Without memory for the text of the fault, the text is empty. It must not
// throw, because a role that is not given back would hang all callers.
void channel::state::break_off(link& on, health::loss kind, fault_code code,
                               std::string_view why) noexcept {
  if (on.broken) return;
  on.broken = kind;
  if (const slot* const head = on.traffic->head();
      kind == health::loss::silent && head != nullptr) {
    if (static_cast<const pending*>(head)->manner.may_stall) stalls.stalled(now());
  }
  on.why.code = code;
  try {
    on.why.text = describe(with.at) + ": " + std::string{why};
  } catch (...) {
    on.why.text.clear();
  }
  on.socket.hang_up();
  at = phase::connecting;
  epoch.store(0, std::memory_order_release);
  client_id.store(0, std::memory_order_release);
  service_bell->ring();
}

}  // namespace drover::connection
