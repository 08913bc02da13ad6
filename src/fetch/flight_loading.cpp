// SPDX-License-Identifier: MIT
// A flight after its grant: it renews the lease, runs the load, and stores the result.
#include <utility>

#include "fetch/flight.hpp"

namespace drover::fetch {

void flight::loading_time(steady_time now, actions& out) {
  if (load_ends_ && *load_ends_ <= now && state_ == state::loading) {
    out.push_back({.kind = action_kind::stop_load});
    load_failed(entry::failure_class::timed_out, out);
    return;
  }
  if (load_ends_ && *load_ends_ <= now && (state_ == state::offered || state_ == state::claiming)) {
    give_grant_back(flight_outcome::not_begun, out);
    return;
  }
  if (renew_ && *renew_ <= now) {
    renew_ = now + settings_.lease_ttl / 3;
    if (is_holder()) out.push_back({.kind = action_kind::send_renew, .attempt = held_});
    if (refresh_ && !lost_) {
      out.push_back({.kind = action_kind::send_refresh_mark_extend, .attempt = held_});
    }
  }
  if (!promote_at_ || now < *promote_at_) return;
  if (state_ == state::loading) promote(out);
  // It was queued until now; callers that need the key load it themselves.
  if (state_ == state::offered) {
    end_.is_dropped = true;
    give_grant_back(flight_outcome::dissolved, out);
  }
}

void flight::promote(actions& out) {
  promote_at_.reset();
  if (lost_) return;
  promote_asked_ = true;
  out.push_back({.kind = action_kind::send_promote, .attempt = held_, .other = base_});
}

void flight::renew_now(actions& out) {
  if (is_holder()) out.push_back({.kind = action_kind::send_renew, .attempt = held_});
}

void flight::renew_replied(const result<lease::step_reply>& reply, actions& out) {
  // A fault gives no information about the lease. The next renewal asks again.
  if (!is_holder() || !reply) return;
  if (promote_unknown_) {
    promote_unknown_ = false;
    promoted_ = reply->applied;
  } else if (!reply->applied) {
    lose_lease(out);
  }
}

void flight::lose_lease(actions& out) {
  if (lost_ || state_ == state::storing || state_ == state::ended) return;
  lost_ = true;
  closed_ = true;
  out.push_back({.kind = action_kind::lease_lost});
  // Nobody loads yet. Callers ask again, and a refresh without callers is no longer needed.
  if (state_ == state::offered || state_ == state::claiming)
    return give_grant_back(flight_outcome::dissolved, out);
  if (read_step_ != 0) out.push_back({.kind = action_kind::let_go, .from_stamp = read_step_});
}

bool flight::begin_load(steady_time now, actions& out) {
  if (state_ != state::offered) return false;
  loading_time(now, out);  // because the timer may be late
  if (state_ != state::offered) return false;
  state_ = state::loading;
  read_step_ = ++step_;
  read_began_ = now;
  if (alone_) closed_ = true;
  return true;
}

void flight::load_done(bool may_store, actions& out) {
  // A flight that has ended stores nothing, and no caller gets the value.
  if (state_ != state::loading) return;
  may_store_ = may_store;
  load_ends_.reset();
  promote_at_.reset();
  if (bypass_) {
    finish(flight_outcome::loaded, closed_ ? read_step_ : everyone, out);
  } else if (unleased_) {
    finish(flight_outcome::loaded, read_step_, out);  // no reply certifies the value
  } else if (promote_asked_) {
    state_ = state::promoting;
  } else {
    store(out);
  }
}

void flight::promote_replied(const result<lease::step_reply>& reply, actions& out) {
  if (!std::exchange(promote_asked_, false)) return;
  if (state_ == state::claiming) return claim_replied(reply, out);
  if (reply && !reply->applied) {
    lose_lease(out);
  } else {
    promoted_ = reply.has_value();
    promote_unknown_ = !promoted_;
    if (state_ == state::ended || lost_) {
      out.push_back({.kind = action_kind::send_release_late, .attempt = held_});
    }
  }
  if (state_ == state::promoting) store(out);
}

void flight::claim_replied(const result<lease::step_reply>& reply, actions& out) {
  promoted_ = reply && reply->applied;
  if (promoted_) {
    state_ = state::offered;
    out.push_back({.kind = action_kind::offer_lead});
    return;
  }
  if (!reply) out.push_back({.kind = action_kind::send_release_late, .attempt = held_});
  give_grant_back(flight_outcome::dissolved, out);
}

void flight::store(actions& out) {
  const bool cold = !refresh_ || promoted_;
  if (lost_) {
    if (refresh_) out.push_back({.kind = action_kind::send_refresh_mark_release, .attempt = held_});
    finish(flight_outcome::loaded, read_step_, out);
    return;
  }
  state_ = state::storing;
  if (may_store_) {
    out.push_back(
        {.kind = action_kind::send_fill, .attempt = held_, .other = cold ? held_ : base_});
  } else if (cold || promote_unknown_) {
    out.push_back({.kind = settings_.marks_uncacheable ? action_kind::send_uncacheable
                                                       : action_kind::send_release,
                   .attempt = held_});
  } else {
    out.push_back({.kind = action_kind::send_refresh_mark_release, .attempt = held_});
    finish(flight_outcome::loaded, read_step_, out);
  }
}

void flight::fill_replied(const result<lease::fill_reply>& reply, bool is_available, actions& out) {
  if (state_ != state::storing) return;
  if (!reply && reply.error().code == fault_code::unreachable && is_available &&
      resends_ < resend_max) {
    ++resends_;  // harmless if the first FILL was executed: the reply is then "duplicate"
    store(out);
    return;
  }
  const bool certified = reply && reply->outcome != lease::fill_outcome::refused;
  if (reply && !certified && promote_unknown_) {
    promote_unknown_ = false;
    // Assume that PROMOTE was executed: the entry is then PENDING under this flight's own token.
    promoted_ = true;
    store(out);
    return;
  }
  if (refresh_) out.push_back({.kind = action_kind::send_refresh_mark_release, .attempt = held_});
  if (!reply && is_holder()) {  // has no effect if the value was stored
    out.push_back({.kind = action_kind::send_release_late, .attempt = held_});
  }
  finish(flight_outcome::loaded, certified ? everyone : read_step_, out);
}

void flight::released(const result<lease::step_reply>& reply, actions& out) {
  if (state_ != state::storing) return;
  if (refresh_) out.push_back({.kind = action_kind::send_refresh_mark_release, .attempt = held_});
  if (!reply) out.push_back({.kind = action_kind::send_release_late, .attempt = held_});
  // If RELEASE applied, this flight still had the lease, so the key was not invalidated since the
  // origin read.
  finish(flight_outcome::loaded, reply && reply->applied ? everyone : read_step_, out);
}

void flight::load_failed(entry::failure_class why, actions& out) {
  if (state_ != state::loading) return;
  ++attempts_;
  end_.attempts = attempts_;
  if (is_holder()) {
    out.push_back({.kind = action_kind::send_failure,
                   .attempt = held_,
                   .attempts = attempts_,
                   .failure = why});
  }
  if (refresh_) {
    out.push_back(
        {.kind = action_kind::send_refresh_mark_pause, .attempt = held_, .attempts = attempts_});
  }
  finish(why == entry::failure_class::timed_out ? flight_outcome::timed_out
                                                : flight_outcome::failed_here,
         everyone, out);
}

}  // namespace drover::fetch
