// SPDX-License-Identifier: MIT
#include "fetch/flight.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace drover::fetch {

namespace {

constexpr milliseconds end_slack{2};  // a lease ends only when its time is past

// A refresh becomes the holder so long before its entry can no longer be served. A timer of a busy
// process is late by some milliseconds, and then somebody else leads a second load.
constexpr milliseconds promote_lead_max{20};

}  // namespace

bool flight::is_open(bool to_bypass) const noexcept {
  if (to_bypass && state_ == state::loading) return !invalidated_ && !alone_;
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
  const auto promote = state_ == state::loading ? promote_at_ : std::nullopt;
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
  grant(with_.new_token(), now, out);
}

void flight::start_refresh(const entry::token& base, steady_time servable_until, actions& out) {
  if (state_ == state::ended) return;
  refresh_ = true;
  base_ = base;
  promote_at_ = servable_until - promote_lead_max;
  attempt_ = with_.new_token();
  state_ = state::marking;
  out.push_back({.what = action_kind::send_mark, .attempt = attempt_});
}

void flight::ask(entry::token previous, actions& out) {
  attempt_ = with_.new_token();
  took_over_ = false;
  lease_step_ = ++step_;
  woken_meanwhile_ = false;
  look_again_.reset();
  state_ = state::asking;
  out.push_back({.what = action_kind::send_lease, .attempt = attempt_, .other = previous});
}

void flight::take_over(actions& out) {
  ask(observed_.produced_by, out);
  took_over_ = true;
}

void flight::go_bypass(actions& out) {
  bypass_ = true;
  owes_turn_ = true;
  look_again_.reset();
  state_ = state::queued;
  out.push_back({.what = action_kind::want_turn});
}

void flight::grant(const entry::token& token, steady_time now, actions& out) {
  held_ = token;
  look_again_.reset();
  load_ends_ = now + with_.load_max;
  if (!bypass_ && !unleased_) renew_ = now + with_.lease_ttl / 3;
  state_ = state::offered;
  out.push_back({.what = action_kind::offer_lead});
}

// Granted, and not begun.
void flight::give_grant_back(ending::how how, actions& out) {
  if (refresh_) {
    out.push_back({.what = action_kind::send_mark_release, .attempt = held_});
  } else if (!bypass_ && !unleased_ && !lost_) {
    out.push_back({.what = action_kind::send_release_late, .attempt = held_});
  }
  finish(how, everyone, out);
}

void flight::return_turn(actions& out) {
  if (!owes_turn_) return;
  owes_turn_ = false;
  out.push_back({.what = action_kind::return_turn});
}

void flight::finish(ending::how how, std::uint64_t stamp_limit, actions& out) {
  DROVER_ASSERT(state_ != state::ended);
  state_ = state::ended;
  look_again_.reset();
  renew_.reset();
  load_ends_.reset();
  promote_at_.reset();
  end_.what = how;
  end_.stamp_limit = stamp_limit;
  end_.bypass_limit = invalidated_ || alone_ ? stamp_limit : everyone;
  end_.without_redis = bypass_;
  end_.of = held_;
  return_turn(out);
  out.push_back({.what = action_kind::finish});
}

void flight::lease_replied(const entry::token& attempt, result<lease::lease_reply> reply,
                           bool is_available, steady_time now, actions& out) {
  const bool reply_lost = !reply && reply.error().code == fault_code::unreachable && is_available;
  // What a reply of the wrong shape says is unknown, so the lease may have been granted.
  const bool may_be_granted = reply_lost || (!reply && reply.error().code == fault_code::corrupt);
  if (state_ != state::asking || attempt != attempt_) {
    if (may_be_granted || (reply && reply->what == lease::lease_reply::how::lead)) {
      out.push_back({.what = action_kind::send_release_late, .attempt = attempt});
    }
    return;
  }
  if (reply_lost && resends_ < resend_max) {
    ++resends_;
    ask(attempt_, out);
    return;
  }
  if (!reply) {
    // Others need not wait for a load that will not be stored.
    if (may_be_granted) out.push_back({.what = action_kind::send_release_late, .attempt = attempt});
    go_bypass(out);
    return;
  }
  switch (reply->what) {
    case lease::lease_reply::how::lead:
      attempts_ = reply->attempts;
      grant(attempt_, now, out);
      return;
    case lease::lease_reply::how::wait: waiting_reply(*reply, now, out); return;
    case lease::lease_reply::how::failed:
    case lease::lease_reply::how::hit: {
      end_.entry_bytes = std::move(reply->entry_bytes);
      end_.server_now = reply->now;
      end_.retry_in = reply->left;
      const bool hit = reply->what == lease::lease_reply::how::hit;
      finish(hit ? ending::how::read : ending::how::failed_elsewhere, lease_step_, out);
      return;
    }
    case lease::lease_reply::how::uncacheable:
      unleased_ = true;
      grant(attempt_, now, out);
      return;
    case lease::lease_reply::how::newer: go_bypass(out); return;
  }
}

void flight::waiting_reply(const lease::lease_reply& reply, steady_time now, actions& out) {
  resends_ = 0;
  told_wait_ = true;
  const bool named_end_passed = std::exchange(wait_has_ended_, false) || took_over_;
  const entry::decoded read = entry::decode(reply.entry_bytes);
  const bool unchanged = read.how == entry::decoding::ours &&
                         read.head.produced_by == observed_.produced_by &&
                         read.head.until == observed_.until;
  if (!unchanged) {
    observed_ = read.head;
    observed_since_ = now;
    stalls_ = 0;
  } else if (named_end_passed && ++stalls_ >= stall_max) {
    go_bypass(out);  // nothing of what the server says comes true
    return;
  } else if (now - observed_since_ >= with_.lease_ttl) {
    take_over(out);  // silent for a whole lease on our own clock
    return;
  }
  state_ = state::waiting;
  const milliseconds left = std::clamp(reply.left, milliseconds{0}, with_.lease_ttl);
  look_again_ = std::max(now, std::min(now + left, observed_since_ + with_.lease_ttl)) + end_slack;
  if (woken_meanwhile_) ask({}, out);
}

void flight::mark_replied(const result<lease::mark_reply>& reply, bool still_due, steady_time now,
                          actions& out) {
  if (state_ == state::marking && reply && reply->won && still_due) {
    grant(attempt_, now, out);
    return;
  }
  if (!reply || reply->won) {  // after a fault it may be ours all the same
    out.push_back({.what = action_kind::send_mark_release, .attempt = attempt_});
  }
  if (state_ == state::marking) finish(ending::how::dissolved, everyone, out);
}

void flight::turn_granted(steady_time now, actions& out) {
  if (state_ != state::queued) return;  // it gave the turn back already
  grant(with_.new_token(), now, out);
}

void flight::turn_lent(steady_time now, actions& out) {
  if (state_ != state::queued) return;
  return_turn(out);
  grant(with_.new_token(), now, out);
}

void flight::turn_refused(actions& out) {
  if (state_ != state::queued) return;
  owes_turn_ = false;
  finish(ending::how::saturated, everyone, out);
}

void flight::thread_missing(actions& out) {
  if (state_ == state::offered) give_grant_back(ending::how::not_begun, out);
}

void flight::woken(actions& out) {
  if (state_ == state::waiting) {
    ask({}, out);
  } else if (state_ == state::asking) {
    woken_meanwhile_ = true;  // the LEASE was perhaps written before what woke us
  }
}

void flight::holder_gone(actions& out) {
  if (state_ == state::waiting) take_over(out);
}

void flight::on_time(steady_time now, actions& out) {
  if (look_again_ && *look_again_ <= now) {
    look_again_.reset();
    if (state_ == state::waiting) {
      wait_has_ended_ = true;
      ask({}, out);
    }
  }
  if (state_ == state::offered || state_ == state::loading || state_ == state::promoting ||
      state_ == state::storing) {
    loading_time(now, out);
  }
}

void flight::loading_time(steady_time now, actions& out) {
  if (load_ends_ && *load_ends_ <= now && state_ == state::loading) {
    out.push_back({.what = action_kind::stop_load});
    load_failed(entry::failure_class::timed_out, out);
    return;
  }
  if (load_ends_ && *load_ends_ <= now && state_ == state::offered) {
    give_grant_back(ending::how::not_begun, out);
    return;
  }
  if (renew_ && *renew_ <= now) {
    renew_ = now + with_.lease_ttl / 3;
    if (is_holder()) out.push_back({.what = action_kind::send_renew, .attempt = held_});
    if (refresh_ && !lost_) {
      out.push_back({.what = action_kind::send_mark_extend, .attempt = held_});
    }
  }
  if (state_ == state::loading && promote_at_ && *promote_at_ <= now) {
    promote_at_.reset();
    if (!lost_) {
      promote_asked_ = true;
      out.push_back({.what = action_kind::send_promote, .attempt = held_, .other = base_});
    }
  }
}

void flight::renew_now(actions& out) {
  if (is_holder()) out.push_back({.what = action_kind::send_renew, .attempt = held_});
}

void flight::renew_replied(const result<lease::step_reply>& reply, actions& out) {
  // A fault says nothing about the lease: the next third asks again.
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
  out.push_back({.what = action_kind::lease_lost});
  if (read_step_ != 0) out.push_back({.what = action_kind::let_go, .from_stamp = read_step_});
}

void flight::lead_taken() {
  DROVER_ASSERT(state_ == state::offered);
  state_ = state::loading;
  read_step_ = ++step_;
  if (alone_) closed_ = true;
}

void flight::load_done(bool may_store, actions& out) {
  if (state_ != state::loading)
    return;  // the flight ended without it: nobody is told, nothing stored
  may_store_ = may_store;
  load_ends_.reset();
  promote_at_.reset();
  if (bypass_) {
    finish(ending::how::loaded, closed_ ? read_step_ : everyone, out);
  } else if (unleased_) {
    finish(ending::how::loaded, read_step_, out);  // nothing certifies it
  } else if (promote_asked_) {
    state_ = state::promoting;
  } else {
    store(out);
  }
}

void flight::promote_replied(const result<lease::step_reply>& reply, actions& out) {
  if (!promote_asked_) return;
  promote_asked_ = false;
  if (reply && !reply->applied) {
    lose_lease(out);
  } else {
    promoted_ = reply.has_value();
    promote_unknown_ = !promoted_;
    if (state_ == state::ended || lost_) {
      out.push_back({.what = action_kind::send_release_late, .attempt = held_});
    }
  }
  if (state_ == state::promoting) store(out);
}

void flight::store(actions& out) {
  const bool cold = !refresh_ || promoted_;
  if (lost_) {
    if (refresh_) out.push_back({.what = action_kind::send_mark_release, .attempt = held_});
    finish(ending::how::loaded, read_step_, out);
    return;
  }
  state_ = state::storing;
  if (may_store_) {
    out.push_back(
        {.what = action_kind::send_fill, .attempt = held_, .other = cold ? held_ : base_});
  } else if (cold || promote_unknown_) {
    out.push_back({.what = with_.marks_uncacheable ? action_kind::send_uncacheable
                                                   : action_kind::send_release,
                   .attempt = held_});
  } else {
    out.push_back({.what = action_kind::send_mark_release, .attempt = held_});
    finish(ending::how::loaded, read_step_, out);
  }
}

void flight::fill_replied(const result<lease::fill_reply>& reply, bool is_available, actions& out) {
  if (state_ != state::storing) return;
  if (!reply && reply.error().code == fault_code::unreachable && is_available &&
      resends_ < resend_max) {
    ++resends_;  // harmless if the first copy was executed: the answer is then "duplicate"
    store(out);
    return;
  }
  const bool certified = reply && reply->what != lease::fill_reply::how::refused;
  if (reply && !certified && promote_unknown_) {
    promote_unknown_ = false;
    promoted_ = true;  // perhaps: the entry is PENDING under our own token then
    store(out);
    return;
  }
  if (refresh_) out.push_back({.what = action_kind::send_mark_release, .attempt = held_});
  if (!reply && is_holder()) {  // without effect if it was stored all the same
    out.push_back({.what = action_kind::send_release_late, .attempt = held_});
  }
  finish(ending::how::loaded, certified ? everyone : read_step_, out);
}

void flight::released(const result<lease::step_reply>& reply, actions& out) {
  if (state_ != state::storing) return;
  if (refresh_) out.push_back({.what = action_kind::send_mark_release, .attempt = held_});
  if (!reply) out.push_back({.what = action_kind::send_release_late, .attempt = held_});
  // Still ours at the release: nothing came between the origin read and now, as after a fill.
  finish(ending::how::loaded, reply && reply->applied ? everyone : read_step_, out);
}

void flight::load_failed(entry::failure_class why, actions& out) {
  if (state_ != state::loading) return;
  ++attempts_;
  end_.attempts = attempts_;
  if (is_holder()) {
    out.push_back({.what = action_kind::send_failure,
                   .attempt = held_,
                   .attempts = attempts_,
                   .failure = why});
  }
  if (refresh_) {
    out.push_back({.what = action_kind::send_mark_pause, .attempt = held_, .attempts = attempts_});
  }
  finish(why == entry::failure_class::timed_out ? ending::how::timed_out : ending::how::failed_here,
         everyone, out);
}

void flight::invalidated_here(actions& out) {
  if (state_ == state::loading || state_ == state::promoting || state_ == state::storing) {
    closed_ = true;
    invalidated_ = true;
    out.push_back({.what = action_kind::let_go, .from_stamp = read_step_});
  }
}

void flight::server_replaced(actions& out) {
  if (state_ == state::offered && !bypass_ && !unleased_) {
    lost_ = true;
    give_grant_back(ending::how::dissolved, out);
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
  if (is_holder()) out.push_back({.what = action_kind::send_release_late, .attempt = held_});
  if (refresh_) out.push_back({.what = action_kind::send_mark_release, .attempt = held_});
  if (!bypass_) lost_ = true;
  closed_ = true;
  out.push_back({.what = action_kind::stop_load});
}

void flight::collapse(actions& out) {
  if (state_ == state::ended) return;
  const bool is_loaded = state_ == state::promoting || state_ == state::storing;
  if (is_holder()) out.push_back({.what = action_kind::send_release_late, .attempt = held_});
  if (refresh_) out.push_back({.what = action_kind::send_mark_release, .attempt = held_});
  if (is_loaded) {
    finish(ending::how::loaded, read_step_, out);
  } else {
    finish(ending::how::dissolved, everyone, out);
  }
}

void flight::abandoned(actions& out) {
  if (state_ == state::offered) {
    give_grant_back(ending::how::dissolved, out);
  } else if (state_ == state::asking || state_ == state::waiting || state_ == state::queued ||
             state_ == state::marking) {
    finish(ending::how::dissolved, everyone, out);
  }
}

}  // namespace drover::fetch
