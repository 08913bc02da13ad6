// SPDX-License-Identifier: MIT
#include "fetch/flight.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace drover::fetch {

namespace {

constexpr milliseconds end_slack{2};  // a lease ends only when its time is past

}  // namespace

bool flight::is_open() const noexcept {
  return !closed_ && state_ != state::promoting && state_ != state::storing &&
         state_ != state::ended;
}

bool flight::is_holder() const noexcept {
  if (lost_ || bypass_ || (refresh_ && !promoted_ && !promote_unknown_)) return false;
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

void flight::start_refresh(const entry::token& base, steady_time servable_until, actions& out) {
  if (state_ == state::ended) return;
  refresh_ = true;
  base_ = base;
  promote_at_ = servable_until - end_slack;
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
  look_again_.reset();
  state_ = state::queued;
  out.push_back({.what = action_kind::want_turn});
}

void flight::grant(const entry::token& token) {
  held_ = token;
  look_again_.reset();
  state_ = state::offered;
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
  end_.without_redis = bypass_;
  end_.of = held_;
  if (bypass_) out.push_back({.what = action_kind::return_turn});
  out.push_back({.what = action_kind::finish});
}

void flight::lease_replied(const entry::token& attempt, const result<lease::lease_reply>& reply,
                           bool is_available, steady_time now, actions& out) {
  const bool reply_lost = !reply && reply.error().code == fault_code::unreachable && is_available;
  if (state_ != state::asking || attempt != attempt_) {
    if (reply_lost || (reply && reply->what == lease::lease_reply::how::lead)) {
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
    // Granted perhaps: others need not wait for a load that will not be stored.
    if (reply_lost) out.push_back({.what = action_kind::send_release_late, .attempt = attempt});
    go_bypass(out);
    return;
  }
  switch (reply->what) {
    case lease::lease_reply::how::lead:
      attempts_ = reply->attempts;
      grant(attempt_);
      renew_ = now + with_.lease_ttl / 3;
      out.push_back({.what = action_kind::offer_lead});
      return;
    case lease::lease_reply::how::wait: waiting_reply(*reply, now, out); return;
    case lease::lease_reply::how::failed:
    case lease::lease_reply::how::hit: {
      end_.entry_bytes = reply->entry_bytes;
      end_.server_now = reply->now;
      end_.retry_in = reply->left;
      const bool hit = reply->what == lease::lease_reply::how::hit;
      finish(hit ? ending::how::read : ending::how::failed_elsewhere, lease_step_, out);
      return;
    }
    case lease::lease_reply::how::newer: go_bypass(out); return;
  }
}

void flight::waiting_reply(const lease::lease_reply& reply, steady_time now, actions& out) {
  resends_ = 0;
  const entry::decoded read = entry::decode(reply.entry_bytes);
  const bool unchanged = read.how == entry::decoding::ours &&
                         read.head.produced_by == observed_.produced_by &&
                         read.head.until == observed_.until;
  if (!unchanged) {
    observed_ = read.head;
    observed_since_ = now;
  } else if (now - observed_since_ >= with_.lease_ttl) {
    take_over(out);  // silent for a whole lease on our own clock
    return;
  }
  state_ = state::waiting;
  const milliseconds left = std::clamp(reply.left, milliseconds{0}, with_.lease_ttl);
  look_again_ = std::max(now, std::min(now + left, observed_since_ + with_.lease_ttl)) + end_slack;
  if (woken_meanwhile_) ask({}, out);
}

void flight::mark_replied(const result<lease::mark_reply>& reply, bool still_due, actions& out) {
  if (state_ == state::marking && reply && reply->won && still_due) {
    grant(attempt_);
    out.push_back({.what = action_kind::offer_lead});
    return;
  }
  if (!reply || reply->won) {  // after a fault it may be ours all the same
    out.push_back({.what = action_kind::send_mark_release, .attempt = attempt_});
  }
  if (state_ == state::marking) finish(ending::how::dissolved, everyone, out);
}

void flight::turn_granted(actions& out) {
  if (state_ == state::ended) return;  // `finish` gave it back, granted or queued
  if (state_ != state::queued) {
    out.push_back({.what = action_kind::return_turn});
    return;
  }
  grant(with_.new_token());
  out.push_back({.what = action_kind::offer_lead});
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
    if (state_ == state::waiting) ask({}, out);
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

void flight::lead_taken(steady_time now) {
  DROVER_ASSERT(state_ == state::offered);
  state_ = state::loading;
  read_step_ = ++step_;
  load_ends_ = now + with_.load_max;
  if (!bypass_ && !renew_) renew_ = now + with_.lease_ttl / 3;
}

void flight::load_done(bool may_store, actions& out) {
  if (state_ != state::loading)
    return;  // the flight ended without it: nobody is told, nothing stored
  may_store_ = may_store;
  load_ends_.reset();
  promote_at_.reset();
  if (bypass_) {
    finish(ending::how::loaded, closed_ ? read_step_ : everyone, out);
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
    out.push_back({.what = action_kind::send_release, .attempt = held_});
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
    out.push_back({.what = action_kind::let_go, .from_stamp = read_step_});
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

void flight::abandoned(actions& out) {
  if (state_ == state::offered) {
    if (refresh_) {
      out.push_back({.what = action_kind::send_mark_release, .attempt = held_});
    } else if (!bypass_) {
      out.push_back({.what = action_kind::send_release_late, .attempt = held_});
    }
    finish(ending::how::dissolved, everyone, out);
  } else if (state_ == state::asking || state_ == state::waiting || state_ == state::queued ||
             state_ == state::marking) {
    finish(ending::how::dissolved, everyone, out);
  }
}

}  // namespace drover::fetch
