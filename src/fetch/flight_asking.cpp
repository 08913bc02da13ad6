// SPDX-License-Identifier: MIT
// A flight before its load: it requests the lease or the refresh mark, and waits for another
// holder.
#include <algorithm>
#include <utility>

#include "fetch/flight.hpp"

namespace drover::fetch {

namespace {

constexpr milliseconds end_slack{2};  // Redis ends a lease just after its time has passed

}  // namespace

void flight::ask(entry::token previous, actions& out) {
  attempt_ = settings_.new_token();
  took_over_ = false;
  lease_step_ = ++step_;
  woken_meanwhile_ = false;
  look_again_.reset();
  state_ = state::asking;
  out.push_back({.kind = action_kind::send_lease, .attempt = attempt_, .other = previous});
}

void flight::take_over(actions& out) {
  ask(observed_.produced_by, out);
  took_over_ = true;
}

void flight::lease_replied(const entry::token& attempt, result<lease::lease_reply> reply,
                           bool is_available, steady_time now, actions& out) {
  const bool reply_lost = !reply && reply.error().code == fault_code::unreachable && is_available;
  // A malformed reply gives no information, so the lease may have been granted.
  const bool may_be_granted = reply_lost || (!reply && reply.error().code == fault_code::corrupt);
  if (state_ != state::asking || attempt != attempt_) {
    if (may_be_granted || (reply && reply->outcome == lease::lease_outcome::lead)) {
      out.push_back({.kind = action_kind::send_release_late, .attempt = attempt});
    }
    return;
  }
  if (reply_lost && resends_ < resend_max) {
    ++resends_;
    ask(attempt_, out);
    return;
  }
  if (!reply) {
    // Other processes need not wait for a load that will not be stored.
    if (may_be_granted) out.push_back({.kind = action_kind::send_release_late, .attempt = attempt});
    go_bypass(out);
    return;
  }
  switch (reply->outcome) {
    case lease::lease_outcome::lead:
      attempts_ = reply->attempts;
      grant(attempt_, now, out);
      return;
    case lease::lease_outcome::wait: waiting_reply(*reply, now, out); return;
    case lease::lease_outcome::failed:
    case lease::lease_outcome::hit: {
      end_.entry_bytes = std::move(reply->entry_bytes);
      end_.server_now = reply->now;
      end_.retry_in = reply->left;
      const bool hit = reply->outcome == lease::lease_outcome::hit;
      finish(hit ? flight_outcome::read : flight_outcome::failed_elsewhere, lease_step_, out);
      return;
    }
    case lease::lease_outcome::uncacheable:
      unleased_ = true;
      grant(attempt_, now, out);
      return;
    case lease::lease_outcome::newer: go_bypass(out); return;
  }
}

void flight::waiting_reply(const lease::lease_reply& reply, steady_time now, actions& out) {
  resends_ = 0;
  lease_says_wait_ = true;
  const bool named_end_passed = std::exchange(wait_has_ended_, false) || took_over_;
  const entry::decoded read = entry::decode(reply.entry_bytes);
  const bool unchanged = read.format == entry::decoding::ours &&
                         read.head.produced_by == observed_.produced_by &&
                         read.head.until == observed_.until;
  if (!unchanged) {
    observed_ = read.head;
    observed_since_ = now;
    stalls_ = 0;
  } else if (named_end_passed && ++stalls_ >= stall_max) {
    go_bypass(out);  // the announced wait never ends
    return;
  } else if (now - observed_since_ >= settings_.lease_ttl) {
    take_over(out);  // the holder was silent for a whole lease, by this process's clock
    return;
  }
  state_ = state::waiting;
  const milliseconds left = std::clamp(reply.left, milliseconds{0}, settings_.lease_ttl);
  look_again_ =
      std::max(now, std::min(now + left, observed_since_ + settings_.lease_ttl)) + end_slack;
  if (woken_meanwhile_) ask({}, out);
}

void flight::refresh_mark_replied(const result<lease::refresh_mark_reply>& reply, bool still_due,
                                  steady_time now, actions& out) {
  if (state_ == state::marking && reply && reply->won && still_due) {
    grant(attempt_, now, out);
    return;
  }
  if (!reply || reply->won) {  // after a fault this process may still have the mark
    out.push_back({.kind = action_kind::send_refresh_mark_release, .attempt = attempt_});
  }
  if (state_ == state::marking) finish(flight_outcome::dissolved, everyone, out);
}

void flight::woken(actions& out) {
  if (state_ == state::waiting) {
    ask({}, out);
  } else if (state_ == state::asking) {
    woken_meanwhile_ = true;  // the LEASE may have been executed before the change
  }
}

void flight::holder_gone(actions& out) {
  if (state_ == state::waiting) take_over(out);
}

}  // namespace drover::fetch
