// SPDX-License-Identifier: MIT
#include "integration/scripts_model.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace drover::test::scripts_model {

bool is_value_or_absent(const envelope& head) {
  return head.kind == kind::value || head.kind == kind::absent;
}

std::string answer_text(std::string_view outcome, server_time now, std::int64_t number,
                        std::string_view bytes) {
  return std::string{outcome} + " at " + std::to_string(now.time_since_epoch().count()) + ", " +
         std::to_string(number) + ": " + testing::PrintToString(std::string{bytes});
}

namespace {

outcome modelled_lease(world w, const request& r, const entry::decoded& read, server_time t) {
  envelope head = read.head;
  if (read.format == entry::decoding::newer) return {answer_text("newer", t, 0, ""), w};
  std::uint32_t attempts = 0;
  bool notify = r.flag;
  const bool is_old = head.stored_at < r.stored_from;
  if (read.format == entry::decoding::ours) {
    if (head.kind == kind::pending || head.kind == kind::failed) attempts = head.attempts;
    if (head.kind == kind::pending) {
      const bool is_mine = head.produced_by == r.first;
      if (is_mine || (!r.second.is_none() && head.produced_by == r.second)) {
        head.stored_at = t;
        head.until = t + r.lease_ttl;
        head.produced_by = r.first;
        head.holder_client_id = r.number;
        w.change(head, 8, 48);
        return {answer_text("lead", t, attempts, ""), w};
      }
      if (head.until > t && !is_old) {
        const std::string before = w.bytes->substr(0, entry::envelope_size);
        if (notify) head.flags |= envelope::flag_untracked_waiter;
        const std::int64_t left = (head.until - t).count();
        w.change(head, 2, 3);
        return {answer_text("wait", t, left, before), w};
      }
      notify = notify || (head.flags & envelope::flag_untracked_waiter) != 0;
    }
    if (head.kind == kind::failed && !is_old && head.stored_at <= t &&
        head.produced_by != r.third) {
      const server_time end = std::min(head.until, head.stored_at + r.pause_max * 6 / 5);
      if (end > t) return {answer_text("failed", t, (end - t).count(), *w.bytes), w};
    }
    if (head.kind == kind::uncacheable && head.until > t && !is_old &&
        head.produced_by != r.third) {
      return {answer_text("uncacheable", t, (head.until - t).count(), ""), w};
    }
    if (is_value_or_absent(head) && (r.third.is_none() || head.produced_by != r.third)) {
      const milliseconds grace = head.kind == kind::value ? head.grace : 0ms;
      const bool is_servable = head.until + grace > t && (!is_old || grace > 0ms);
      if (is_servable) return {answer_text("hit", t, 0, *w.bytes), w};
    }
  }
  w.set({.kind = kind::pending,
         .flags = notify ? envelope::flag_untracked_waiter : std::uint8_t{0},
         .attempts = attempts,
         .stored_at = t,
         .until = t + r.lease_ttl,
         .produced_by = r.first,
         .holder_client_id = r.number,
         .digest = digest},
        "", 1h);
  return {answer_text("lead", t, attempts, ""), w};
}

outcome modelled_fill(world w, const request& r, const entry::decoded& read, server_time t) {
  const bool is_ours = read.format == entry::decoding::ours;
  if (is_ours && is_value_or_absent(read.head) && read.head.produced_by == r.second) {
    return {answer_text("duplicate", t, 0, ""), w};
  }
  const bool takes_no_fill = read.head.kind == kind::failed || read.head.kind == kind::uncacheable;
  if (!is_ours || takes_no_fill || read.head.produced_by != r.first) {
    return {answer_text("refused", t, 0, ""), w};
  }
  const bool is_late = r.loaded_at > server_time{} && r.loaded_at < t;
  const server_time from = is_late ? r.loaded_at : t;
  const milliseconds grace = r.flag ? 0ms : r.grace;
  if (is_late && from + r.fresh + grace <= t) {
    if (read.head.kind == kind::pending) w.remove();
    return {answer_text("refused", t, 0, ""), w};
  }
  w.set({.kind = r.flag ? kind::absent : kind::value,
         .load_us = r.number,
         .stored_at = from,
         .until = from + r.fresh,
         .produced_by = r.second,
         .grace = grace,
         .digest = digest,
         .checksum = entry::checksum_of(r.payload, digest)},
        r.payload, 2h);
  return {answer_text("stored", t, 0, ""), w};
}

outcome modelled_expire(world w, const request& r, const entry::decoded& read, server_time t) {
  if (read.format == entry::decoding::foreign) return {"not applied", w};
  if (read.format == entry::decoding::ours && read.head.kind == kind::value &&
      read.head.grace > 0ms) {
    envelope head = read.head;
    head.flags |= envelope::flag_expired_by_hand;
    head.until = std::min(head.until, t);
    head.produced_by = r.first;
    w.change(head, 2, 3);
    w.change(head, 16, 40);
  } else {
    w.remove();
  }
  return {"applied", w};
}

/// Renew, promote, failure, release and uncacheable: they apply only to an entry with the given
/// kind and token.
outcome modelled_step(world w, const request& r, const entry::decoded& read, server_time t) {
  const kind needed = r.kind == verb::promote ? kind::value : kind::pending;
  if (read.format != entry::decoding::ours || read.head.kind != needed ||
      read.head.produced_by != r.first) {
    return {"not applied", w};
  }
  envelope head = read.head;
  head.until = t + r.lease_ttl;
  head.holder_client_id = r.number;
  if (r.kind == verb::renew) w.change(head, 16, 48);
  if (r.kind == verb::release) w.remove();
  if (r.kind == verb::uncacheable) {
    const milliseconds ttl = marker_ttl(r);
    w.set({.kind = kind::uncacheable,
           .stored_at = t,
           .until = t + ttl,
           .produced_by = r.first,
           .digest = head.digest},
          "", ttl);
  }
  if (r.kind == verb::promote) {
    w.set({.kind = kind::pending,
           .stored_at = t,
           .until = head.until,
           .produced_by = r.second,
           .holder_client_id = r.number,
           .digest = head.digest},
          "", 1h);
  }
  if (r.kind == verb::failure) {
    w.set({.kind = kind::failed,
           .failure = entry::failure_class::cancelled,
           .attempts = r.number,
           .stored_at = t,
           .until = head.until,
           .produced_by = r.first,
           .digest = digest,
           .checksum = entry::checksum_of(r.payload, digest)},
          r.payload, 2h);
  }
  return {"applied", w};
}

}  // namespace

outcome modelled(world w, const request& r, server_time t) {
  w.ttl_set.reset();
  if (r.kind == verb::invalidate) {
    w.remove();
    return {"acknowledged", w};
  }
  if (w.is_other_type) return {"fault corrupt", w};
  const std::string bytes = w.bytes.value_or("");
  const entry::decoded read = entry::decode(bytes);
  switch (r.kind) {
    case verb::lease: return modelled_lease(w, r, read, t);
    case verb::fill: return modelled_fill(w, r, read, t);
    case verb::expire: return modelled_expire(w, r, read, t);
    default: return modelled_step(w, r, read, t);
  }
}

}  // namespace drover::test::scripts_model
