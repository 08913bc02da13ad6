// SPDX-License-Identifier: MIT
#include "cache/read_operation.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

#include "base/printing.hpp"
#include "cache/load_access.hpp"
#include "cache/load_chain.hpp"
#include "entry/early_expiration.hpp"

namespace drover::detail {

namespace {

constexpr std::size_t shown_size = 200;
constexpr unsigned no_progress_max = 3;

// Converts a deadline to the clock of `store::now()`. The two clocks differ only while the machine
// sleeps. A deadline that is too far in the future counts as none.
std::optional<steady_time> on_our_clock(
    const std::optional<std::chrono::steady_clock::time_point>& deadline) {
  constexpr std::chrono::hours far_off{24 * 365 * 100};
  if (!deadline) return std::nullopt;
  const auto now = std::chrono::steady_clock::now();
  if (*deadline <= now) return store::now();
  if (*deadline > now + far_off) return std::nullopt;
  return store::now() + std::chrono::duration_cast<microseconds>(*deadline - now);
}

}  // namespace

read_operation::read_operation(core& on, std::shared_ptr<cache_part> part, std::string_view key,
                               const call_options& limits, const erased_loader* borrowed)
    : core_{on},
      part_{std::move(part)},
      names_{part_->keys, key},
      limits_{limits},
      borrowed_{borrowed},
      deadline_{on_our_clock(limits.deadline)},
      is_limited_{deadline_.has_value() || limits.stop.stop_possible()},
      can_lead_{borrowed != nullptr || !is_limited_ || load_chain::is_inside_a_load()},
      needs_thread_{is_limited_ && borrowed == nullptr},
      is_unstored_{key.size() > on.options().key_max} {}

erased_fetched read_operation::fetch() {
  load_chain::refuse_recursion(part_.get(), names_.key);
  while (true) {
    round ended;
    try {
      ended = once();
    } catch (const std::bad_alloc&) {
      return load_outside();
    } catch (const std::system_error&) {
      return load_outside();
    }
    if (ended.failure) std::rethrow_exception(ended.failure);
    if (ended.answer) return *std::move(ended.answer);
  }
}

// The engine has no memory or no thread for this call, so the loader runs without the engine.
erased_fetched read_operation::load_outside() {
  counters& counted = part_->counted;
  counters::add(counted.loads);
  counters::add(counted.bypasses);
  const running_load running{*part_};
  const load_chain inside{part_.get(), part_->keys.name(), names_.key};
  keep_ = core_.shared_from_this();
  erased_load loaded = load_access::run_alone(loader(), names_.key, part_->policy.load_max);
  return {std::move(loaded.value), served::bypassed, {}};
}

read_operation::round read_operation::once() {
  if (deadline_ && *deadline_ <= store::now()) refuse(refused::reason::timed_out);
  if (is_unstored_) return join_flight(fetch::beginning::unstored);
  std::optional<std::string> bytes;
  if (auto ended = look_up(bytes)) return *std::move(ended);
  if (no_progress_ >= no_progress_max) return bypass();
  return judge(bytes);
}

// Redis gets half of the remaining time to answer. The other half is for the origin.
std::optional<read_operation::round> read_operation::look_up(std::optional<std::string>& bytes) {
  using connection::exchange_end;
  reply_due_.reset();
  if (deadline_) {
    const steady_time now = store::now();
    reply_due_ = now + (*deadline_ - now) / 2;
  }
  // Read this before the GET is sent: a retry that is acknowledged during the GET may be newer than
  // its reply.
  was_pending_ = core_.unacknowledged().is_pending(names_.value_key);
  store::redis_store::looked_up reply =
      core_.redis().get(names_.value_key, {.deadline = reply_due_, .stop = limits_.stop});
  if (reply.ended == exchange_end::stopped) refuse(refused::reason::stopped);
  if (reply.ended == exchange_end::deadline_passed) return bypass(fetch::beginning::bypass_alone);
  if (!reply.entry) {
    core_.report().tell_fault(reply.entry.error(), part_.get(), names_.key);
    return bypass();
  }
  server_ = reply.by;
  bytes = *std::move(reply.entry);
  return std::nullopt;
}

// A server that gives wrong answers is asked itself, even if the key has another server by now.
bool read_operation::verify(const std::optional<steady_time>& until) const {
  return core_.redis().verify(server(), {.deadline = until, .stop = limits_.stop});
}

read_operation::round read_operation::bypass(fetch::beginning start) {
  const auto failed = core_.remembered().find(names_.value_key, store::now());
  if (failed && !may_try_own(failed->token)) {
    counters::add(part_->counted.failures_shared);
    return {.failure = failed->exception};
  }
  return join_flight(start);
}

fetch::judgement read_operation::judged(const std::optional<std::string>& bytes) const {
  return fetch::judge(bytes, names_.digest, server().server_now(), server().trusted(),
                      part_->policy.failure_pause_max);
}

read_operation::round read_operation::judge(const std::optional<std::string>& bytes) {
  const fetch::judgement judgement = judged(bytes);
  const entry::envelope& head = judgement.read.head;
  switch (judgement.state) {
    case fetch::finding::fresh:
    case fetch::finding::stale:
      if (refuse_pending(head)) return join_flight(fetch::beginning::cold);
      return serve_live(judgement);
    case fetch::finding::failed:
      if (refuse_pending(head)) return join_flight(fetch::beginning::cold);
      if (may_try_own(head.produced_by)) return join_flight(fetch::beginning::cold);
      return failed_elsewhere(head, judgement.read.payload);
    case fetch::finding::newer:
      core_.report().tell_fault(
          {fault_code::unsupported, "an entry in a newer format: it is left alone"}, part_.get(),
          names_.key);
      return join_flight(fetch::beginning::bypass);
    case fetch::finding::damaged: return refuse_damaged(head);
    case fetch::finding::missing:
      if (judgement.is_foreign) count_corrupt("a string that is not an entry of the library");
      return join_flight(fetch::beginning::cold);
    case fetch::finding::uncacheable:
    case fetch::finding::pending: return join_flight(fetch::beginning::cold);
  }
  return {};
}

// Either the entry is damaged, or the reply belongs to another request.
read_operation::round read_operation::refuse_damaged(const entry::envelope& head) {
  count_corrupt("an entry that is damaged or belongs to another key");
  ++no_progress_;
  if (!verify(reply_due_)) return {};
  refused_ = head.produced_by;
  // LEASE cannot overwrite a damaged FAILED entry before its pause ends.
  return join_flight(head.kind == entry::kind::failed ? fetch::beginning::bypass
                                                      : fetch::beginning::cold);
}

// While an invalidation of this client is pending, the stored entry counts neither as fresh nor as
// stale. An invalidation that was pending when the entry was read counts too (`was_pending_`), even
// if it was acknowledged since, because the entry may be older.
bool read_operation::refuse_pending(const entry::envelope& head) {
  if (!was_pending_ && !core_.unacknowledged().is_pending(names_.value_key)) return false;
  refused_ = head.produced_by;
  return true;
}

read_operation::round read_operation::serve_live(const fetch::judgement& judgement) {
  const entry::envelope& head = judgement.read.head;
  const bool absent = head.kind == entry::kind::absent;
  erased_value value = absent ? nullptr : decode(judgement.read.payload, head);
  if (!absent && !value) return join_flight(fetch::beginning::cold);
  if (judgement.state == fetch::finding::stale) return serve_stale(judgement, std::move(value));
  const policy& policy = part_->policy;
  if (policy.early_beta > 0 &&
      entry::is_due_early(
          head, judgement.judged_at,
          {.beta = policy.early_beta, .unit = draw(), .lead_max = policy.ttl / 4})) {
    if (borrowed_ == nullptr) {
      refresh_behind(head, value, true);
    } else if (auto refreshed = refresh_here(head, value, true)) {
      return {std::move(refreshed), {}};
    }
  }
  counters::add(part_->counted.hits);
  return {erased_fetched{std::move(value), served::fresh, entry::age_of(head, judgement.judged_at)},
          {}};
}

read_operation::round read_operation::serve_stale(const fetch::judgement& judgement,
                                                  erased_value value) {
  const entry::envelope& head = judgement.read.head;
  if (borrowed_ == nullptr) {
    refresh_behind(head, value, false);
  } else if (auto refreshed = refresh_here(head, value, false)) {
    return {std::move(refreshed), {}};
  }
  counters::add(part_->counted.stale_served);
  core_.report().tell(
      {.kind = event_kind::stale_served, .cache = part_->keys.name(), .key = names_.key},
      &part_->counted);
  return {erased_fetched{std::move(value), served::stale, entry::age_of(head, judgement.judged_at)},
          {}};
}

flight_runner::refresh_request read_operation::refresh_of(const entry::envelope& head,
                                                          const erased_value& value,
                                                          bool early) const {
  return {.part = part_,
          .names = names_,
          .base = head.produced_by,
          .servable_until = server().steady_at(entry::servable_until(head)),
          .previous = value,
          .early = early,
          .foreground = borrowed_ != nullptr};
}

void read_operation::refresh_behind(const entry::envelope& head, const erased_value& value,
                                    bool early) {
  static_cast<void>(core_.flights().begin_refresh(refresh_of(head, value, early)));
}

// A borrowed loader lives only as long as this call, so the caller that wins the mark refreshes in
// the foreground.
std::optional<erased_fetched> read_operation::refresh_here(const entry::envelope& head,
                                                           const erased_value& value, bool early) {
  keep_ = core_.shared_from_this();
  auto joined = core_.flights().begin_refresh(refresh_of(head, value, early));
  if (!joined) return std::nullopt;
  const flight_membership membership{core_.flights(), *std::move(joined), true};
  while (true) {
    const woke why = wait(*membership.flight(), membership.stamp());
    if (why != woke::lead) return std::nullopt;
    round led = lead(membership.flight());
    if (led.failure) return std::nullopt;  // serve the stale value instead
    if (led.answer) return std::move(led.answer);
  }
}

erased_value read_operation::peek() {
  if (is_unstored_) return nullptr;
  was_pending_ = core_.unacknowledged().is_pending(names_.value_key);
  const store::redis_store::looked_up reply = core_.redis().get(
      names_.value_key, {.deadline = store::now() + core_.options().silence_max, .stop = {}});
  if (reply.ended == connection::exchange_end::deadline_passed) return nullptr;
  if (!reply.entry) {
    core_.report().tell_fault(reply.entry.error(), part_.get(), names_.key);
    return nullptr;
  }
  server_ = reply.by;
  const fetch::judgement read = judged(*reply.entry);
  const bool usable =
      (read.state == fetch::finding::fresh || read.state == fetch::finding::stale) &&
      read.read.head.kind == entry::kind::value && !refuse_pending(read.read.head);
  return usable ? decode(read.read.payload, read.read.head) : nullptr;
}

erased_value read_operation::decode(std::string_view payload, const entry::envelope& head) {
  std::string why = "an entry that the codec does not understand";
  try {
    if (erased_value value = part_->type.decode(payload)) return value;
  } catch (const std::exception& thrown) {
    why = std::string{"the codec threw: "} + base::escape(thrown.what(), shown_size);
  } catch (...) {
    why = "the codec threw";
  }
  count_corrupt(why);
  ++no_progress_;
  refused_ = head.produced_by;
  return nullptr;
}

void read_operation::count_corrupt(std::string_view text) {
  counters::add(part_->counted.corrupt_entries);
  part_->counted.add_fault(fault_code::corrupt);
  core_.report().tell({.kind = event_kind::entry_corrupt,
                       .cache = part_->keys.name(),
                       .key = names_.key,
                       .code = fault_code::corrupt,
                       .text = text},
                      &part_->counted);
}

void read_operation::refuse(refused::reason why) {
  counters::add(part_->counted.refused);
  const bool for_a_thread = found_no_thread_ && why == refused::reason::timed_out;
  throw refused{for_a_thread ? refused::reason::saturated : why};
}

erased_fetched load_without_engine(cache_part& part, std::string_view key,
                                   const erased_loader* borrowed) {
  load_chain::refuse_recursion(&part, key);
  counters::add(part.counted.loads);
  counters::add(part.counted.bypasses);
  const load_chain inside{&part, part.keys.name(), key};
  const erased_loader& loader = borrowed != nullptr ? *borrowed : part.loader;
  erased_load loaded = load_access::run_alone(loader, key, part.policy.load_max);
  return {std::move(loaded.value), served::bypassed, {}};
}

}  // namespace drover::detail
