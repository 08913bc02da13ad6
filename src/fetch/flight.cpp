// SPDX-License-Identifier: MIT
// The beginning of a flight, the grant of its load, and its end.
#include "fetch/flight.hpp"

#include "base/assert.hpp"

namespace drover::fetch {

namespace {

// A refresh becomes the holder at most this long before its entry can no longer be served. Timers
// of a busy process are late by some milliseconds; without this margin another process would load,
// too.
constexpr milliseconds promote_lead_max{20};

}  // namespace

bool flight::is_open(bool to_bypass) const noexcept {
  if (to_bypass && state_ == state::loading) return !invalidated_ && !alone_ && !lost_;
  return !closed_ && state_ != state::promoting && state_ != state::storing &&
         state_ != state::ended;
}

bool flight::is_holder() const noexcept {
  if (lost_ || bypass_ || unleased_ || (refresh_ && !promoted_ && !promote_unknown_)) return false;
  return state_ == state::offered || state_ == state::loading || state_ == state::promoting ||
         state_ == state::storing;
}

std::uint64_t flight::holder_client_id() const noexcept {
  return state_ == state::waiting ? observed_.holder_client_id : 0;
}

std::optional<steady_time> flight::due() const noexcept {
  std::optional<steady_time> first;
  const bool has_grant = state_ == state::offered || state_ == state::loading;
  const auto promote = has_grant ? promote_at_ : std::nullopt;
  for (const auto& at : {look_again_, renew_, load_ends_, promote}) {
    if (at && (!first || *at < *first)) first = at;
  }
  return first;
}

void flight::start_cold(actions& out) {
  if (state_ != state::ended) ask({}, out);
}

void flight::start_bypass(actions& out) {
  if (state_ != state::ended) go_bypass(out);
}

void flight::start_bypass_alone(actions& out) {
  alone_ = true;
  start_bypass(out);
}

void flight::start_unstored(steady_time now, actions& out) {
  if (state_ == state::ended) return;
  bypass_ = true;
  unleased_ = true;
  grant(settings_.new_token(), now, out);
}

void flight::start_refresh(const entry::token& base, steady_time servable_until, actions& out) {
  if (state_ == state::ended) return;
  refresh_ = true;
  base_ = base;
  promote_at_ = servable_until - promote_lead_max;
  attempt_ = settings_.new_token();
  state_ = state::marking;
  out.push_back({.kind = action_kind::send_refresh_mark, .attempt = attempt_});
}

void flight::go_bypass(actions& out) {
  bypass_ = true;
  owes_turn_ = true;
  look_again_.reset();
  state_ = state::queued;
  out.push_back({.kind = action_kind::want_turn});
}

void flight::grant(const entry::token& token, steady_time now, actions& out) {
  held_ = token;
  look_again_.reset();
  load_ends_ = now + settings_.load_max;
  if (!bypass_ && !unleased_) renew_ = now + settings_.lease_ttl / 3;
  if (promote_at_ && *promote_at_ <= now) {  // another process may lead by now
    state_ = state::claiming;
    promote(out);
    return;
  }
  state_ = state::offered;
  out.push_back({.kind = action_kind::offer_lead});
}

// Gives the grant of a load that has not begun back, and ends the flight.
void flight::give_grant_back(flight_outcome outcome, actions& out) {
  if (refresh_) {
    out.push_back({.kind = action_kind::send_refresh_mark_release, .attempt = held_});
  }
  if (is_holder()) out.push_back({.kind = action_kind::send_release_late, .attempt = held_});
  finish(outcome, everyone, out);
}

// The reply may come when the client is gone, and then nobody gives back what it grants. Otherwise
// it is given back again, without an effect.
void flight::give_request_back(actions& out) {
  if (attempt_ == entry::token{}) return;  // nothing was sent yet
  if (state_ == state::asking)
    out.push_back({.kind = action_kind::send_release_late, .attempt = attempt_});
  if (state_ == state::marking)
    out.push_back({.kind = action_kind::send_refresh_mark_release, .attempt = attempt_});
}

void flight::return_turn(actions& out) {
  if (!owes_turn_) return;
  owes_turn_ = false;
  out.push_back({.kind = action_kind::return_turn});
}

void flight::finish(flight_outcome outcome, std::uint64_t stamp_limit, actions& out) {
  DROVER_ASSERT(state_ != state::ended);
  state_ = state::ended;
  look_again_.reset();
  renew_.reset();
  load_ends_.reset();
  promote_at_.reset();
  end_.outcome = outcome;
  end_.stamp_limit = stamp_limit;
  end_.bypass_limit = invalidated_ || alone_ ? stamp_limit : everyone;
  end_.without_redis = bypass_;
  end_.token = held_;
  // The reply to PROMOTE may come when the client is gone, as in `give_request_back`.
  if (promote_asked_) out.push_back({.kind = action_kind::send_release_late, .attempt = held_});
  return_turn(out);
  out.push_back({.kind = action_kind::finish});
}

void flight::turn_granted(steady_time now, actions& out) {
  if (state_ != state::queued) return;  // the turn was already given back
  grant(settings_.new_token(), now, out);
}

void flight::turn_lent(steady_time now, actions& out) {
  if (state_ != state::queued) return;
  return_turn(out);
  grant(settings_.new_token(), now, out);
}

void flight::turn_refused(actions& out) {
  if (state_ != state::queued) return;
  owes_turn_ = false;
  finish(flight_outcome::saturated, everyone, out);
}

void flight::turn_not_needed(actions& out) {
  if (state_ != state::queued) return;
  owes_turn_ = false;
  finish(flight_outcome::runs_already, everyone, out);
}

void flight::thread_missing(actions& out) {
  if (state_ == state::offered) give_grant_back(flight_outcome::not_begun, out);
}

void flight::on_time(steady_time now, actions& out) {
  if (look_again_ && *look_again_ <= now) {
    look_again_.reset();
    if (state_ == state::waiting) {
      wait_has_ended_ = true;
      ask({}, out);
    }
  }
  if (state_ == state::offered || state_ == state::claiming || state_ == state::loading ||
      state_ == state::promoting || state_ == state::storing) {
    loading_time(now, out);
  }
}

void flight::invalidated_here(actions& out) {
  if (state_ == state::loading || state_ == state::promoting || state_ == state::storing) {
    closed_ = true;
    invalidated_ = true;
    out.push_back({.kind = action_kind::let_go, .from_stamp = read_step_});
  }
}

void flight::server_replaced(actions& out) {
  const bool has_not_begun = state_ == state::offered || state_ == state::claiming;
  if (has_not_begun && !bypass_ && !unleased_) {
    lost_ = true;
    give_grant_back(flight_outcome::dissolved, out);
  } else if (state_ == state::loading || state_ == state::promoting) {
    if (bypass_ || unleased_) return;
    lose_lease(out);
    if (state_ == state::promoting) store(out);
  }
}

void flight::connection_lost(actions& out) {
  if (state_ == state::waiting) ask({}, out);
  if (state_ == state::loading || state_ == state::promoting) closed_ = true;
}

void flight::give_up_lease(actions& out) {
  if (state_ != state::loading) return;
  if (is_holder()) out.push_back({.kind = action_kind::send_release_late, .attempt = held_});
  if (refresh_) out.push_back({.kind = action_kind::send_refresh_mark_release, .attempt = held_});
  if (!bypass_) lost_ = true;
  closed_ = true;
  out.push_back({.kind = action_kind::stop_load});
}

void flight::collapse(actions& out) {
  if (state_ == state::ended) return;
  const bool is_loaded = state_ == state::promoting || state_ == state::storing;
  if (is_holder()) out.push_back({.kind = action_kind::send_release_late, .attempt = held_});
  if (refresh_) out.push_back({.kind = action_kind::send_refresh_mark_release, .attempt = held_});
  if (is_loaded) {
    finish(flight_outcome::loaded, read_step_, out);
  } else {
    finish(flight_outcome::dissolved, everyone, out);
  }
}

void flight::abandoned(actions& out) {
  if (state_ == state::offered || state_ == state::claiming) {
    give_grant_back(flight_outcome::dissolved, out);
  } else if (state_ == state::asking || state_ == state::waiting || state_ == state::queued ||
             state_ == state::marking) {
    give_request_back(out);
    finish(flight_outcome::dissolved, everyone, out);
  }
}

}  // namespace drover::fetch
