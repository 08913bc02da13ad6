// SPDX-License-Identifier: MIT
#include "cache/reading.hpp"

#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "cache/aboard.hpp"
#include "cache/load_chain.hpp"
#include "entry/early_expiration.hpp"
#include "base/printing.hpp"

namespace drover::detail {

namespace {

constexpr std::size_t shown_size = 200;

std::optional<steady_time> on_our_clock(
    const std::optional<std::chrono::steady_clock::time_point>& deadline) {
  if (!deadline) return std::nullopt;
  return store::now() +
         std::chrono::duration_cast<microseconds>(*deadline - std::chrono::steady_clock::now());
}

load_failed::reason reason_of(entry::failure_class failure) {
  return static_cast<load_failed::reason>(failure);
}

}  // namespace

reading::reading(core& on, std::shared_ptr<cache_part> of, std::string_view key,
                 const call_options& limits, const erased_loader* borrowed)
    : core_{on},
      of_{std::move(of)},
      names_{of_->keys, key},
      limits_{limits},
      borrowed_{borrowed},
      wait_limit_{.deadline = on_our_clock(limits.deadline), .stop = limits.stop},
      solo_{key.size() > on.options().key_max} {}

erased_fetched reading::fetch() {
  load_chain::refuse_recursion(of_.get(), names_.key);
  while (true) {
    const std::optional<std::string> bytes = look_up();
    if (maybe got = answer(bytes)) return *std::move(got);
  }
}

std::optional<std::string> reading::look_up() {
  bypass_ = false;
  if (solo_) {
    bypass_ = true;
    counters::add(of_->counted.not_stored);
    return std::nullopt;
  }
  store::redis_store::looked_up found = core_.redis().get(names_.value_key, wait_limit_);
  using how = connection::outcome::how;
  if (found.ended == how::deadline_passed) refuse(refused::reason::timed_out);
  if (found.ended == how::stopped) refuse(refused::reason::stopped);
  if (!found.entry) {
    bypass_ = true;
    core_.tell_fault(found.entry.error(), of_.get(), names_.key);
    return std::nullopt;
  }
  return *std::move(found.entry);
}

reading::maybe reading::answer(const std::optional<std::string>& bytes) {
  if (bypass_) {
    if (const auto failure = core_.failure_of(names_.value_key)) {
      counters::add(of_->counted.failures_shared);
      std::rethrow_exception(failure->what);
    }
    return fly(core::beginning::bypass);
  }
  const fetch::judgement found = fetch::judge(bytes, names_.digest, core_.redis().server_now());
  switch (found.what) {
    case fetch::finding::fresh:
    case fetch::finding::stale: return serve_live(found);
    case fetch::finding::failed: throw_failed(found.read.head, found.read.payload);
    case fetch::finding::newer:
      core_.tell_fault({fault_code::unsupported, "an entry in a newer format: it is left alone"},
                       of_.get(), names_.key);
      return fly(core::beginning::bypass);
    case fetch::finding::damaged:
      count_corrupt("an entry that is damaged or belongs to another key");
      refused_ = found.read.head.produced_by;
      // A FAILED entry that is not whole cannot be overwritten by a lease before its pause ends.
      return fly(found.read.head.what == entry::kind::failed ? core::beginning::bypass
                                                             : core::beginning::cold);
    case fetch::finding::missing:
      if (found.is_foreign) count_corrupt("a string that is no entry of ours");
      return fly(core::beginning::cold);
    case fetch::finding::pending: return fly(core::beginning::cold);
  }
  return std::nullopt;
}

reading::maybe reading::serve_live(const fetch::judgement& found) {
  const entry::envelope& head = found.read.head;
  const bool absent = head.what == entry::kind::absent;
  erased_value value = absent ? nullptr : decode(found.read.payload, head);
  if (!absent && !value) return fly(core::beginning::cold);
  if (found.what == fetch::finding::stale) return serve_stale(head, std::move(value));
  const server_time now = core_.redis().server_now();
  const policy& with = of_->policy;
  if (with.early_beta > 0 &&
      entry::is_due_early(head, now,
                          {.beta = with.early_beta, .unit = draw(), .lead_max = with.ttl / 4})) {
    if (borrowed_ != nullptr) {
      if (maybe refreshed = refresh_here(head, value, true)) return refreshed;
    } else {
      refresh_behind(head, value, true);
    }
  }
  counters::add(of_->counted.hits);
  return erased_fetched{std::move(value), served::fresh, entry::age_of(head, now)};
}

reading::maybe reading::serve_stale(const entry::envelope& head, erased_value value) {
  if (borrowed_ != nullptr) {
    if (maybe refreshed = refresh_here(head, value, false)) return refreshed;
  } else {
    refresh_behind(head, value, false);
  }
  counters::add(of_->counted.stale_served);
  core_.tell({.what = event_kind::stale_served, .cache = of_->keys.name(), .key = names_.key},
             &of_->counted);
  return erased_fetched{std::move(value), served::stale,
                        entry::age_of(head, core_.redis().server_now())};
}

void reading::refresh_behind(const entry::envelope& head, const erased_value& value, bool early) {
  static_cast<void>(
      core_.begin_refresh({.of = of_,
                           .names = names_,
                           .base = head.produced_by,
                           .servable_until = core_.redis().steady_at(head.until + head.grace),
                           .previous = value,
                           .early = early}));
}

// A borrowed loader lives as long as this call: whoever wins the mark refreshes here and now.
reading::maybe reading::refresh_here(const entry::envelope& head, const erased_value& value,
                                     bool early) {
  auto made =
      core_.begin_refresh({.of = of_,
                           .names = names_,
                           .base = head.produced_by,
                           .servable_until = core_.redis().steady_at(head.until + head.grace),
                           .previous = value,
                           .early = early,
                           .foreground = true});
  if (!made) return std::nullopt;
  const aboard on{core_, *std::move(made)};
  erased_value brought;
  bool led = false;
  while (true) {
    if (wait(*on.flight(), on.stamp()) == woke::lead && !led) {
      core::load_end end = core_.run_load(on.flight(), loader());
      if (!end.ran || end.failure) return std::nullopt;
      brought = std::move(end.value);
      led = true;
      continue;
    }
    if (!led) return std::nullopt;
    return erased_fetched{std::move(brought), served::loaded, {}};
  }
}

erased_value reading::peek() {
  if (solo_) return nullptr;
  const auto found = core_.redis().get(names_.value_key, {});
  if (!found.entry) {
    core_.tell_fault(found.entry.error(), of_.get(), names_.key);
    return nullptr;
  }
  const fetch::judgement read =
      fetch::judge(*found.entry, names_.digest, core_.redis().server_now());
  const bool usable = (read.what == fetch::finding::fresh || read.what == fetch::finding::stale) &&
                      read.read.head.what == entry::kind::value;
  return usable ? decode(read.read.payload, read.read.head) : nullptr;
}

void reading::refresh() {
  const std::optional<std::string> bytes = look_up();
  if (bypass_) return;
  const fetch::judgement found = fetch::judge(bytes, names_.digest, core_.redis().server_now());
  const entry::envelope& head = found.read.head;
  const bool live = found.what == fetch::finding::fresh || found.what == fetch::finding::stale;
  if (live && head.what == entry::kind::value) {
    refresh_behind(head, decode(found.read.payload, head), false);
  } else if (found.what == fetch::finding::missing || found.what == fetch::finding::damaged) {
    if (found.what == fetch::finding::damaged) refused_ = head.produced_by;
    static_cast<void>(fly(core::beginning::cold));
  }
}

erased_value reading::decode(std::string_view payload, const entry::envelope& head) {
  std::string why = "an entry that the codec does not understand";
  try {
    if (erased_value value = of_->type.decode(payload)) return value;
  } catch (const std::exception& thrown) {
    why = std::string{"the codec threw: "} + base::escape(thrown.what(), shown_size);
  } catch (...) {
    why = "the codec threw";
  }
  count_corrupt(why);
  refused_ = head.produced_by;
  return nullptr;
}

void reading::count_corrupt(std::string_view text) {
  counters::add(of_->counted.corrupt_entries);
  of_->counted.add_fault(fault_code::corrupt);
  core_.tell({.what = event_kind::entry_corrupt,
              .cache = of_->keys.name(),
              .key = names_.key,
              .code = fault_code::corrupt,
              .text = text},
             &of_->counted);
}

void reading::throw_failed(const entry::envelope& head, std::string_view payload) {
  counters::add(of_->counted.failures_shared);
  const auto here = core_.failure_of(names_.value_key);
  if (here && here->of == head.produced_by) std::rethrow_exception(here->what);
  const milliseconds left = head.until - core_.redis().server_now();
  throw load_failed{reason_of(head.failure), head.attempts,
                    left.count() > 0 ? left : milliseconds{0}, std::string{payload}};
}

void reading::refuse(refused::reason why) {
  counters::add(of_->counted.refused);
  throw refused{why};
}

}  // namespace drover::detail
