// SPDX-License-Identifier: MIT
#include <drover/cache.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "cache/core.hpp"
#include "cache/reading.hpp"

namespace drover::detail {

namespace {

constexpr duration release_patience{100};
constexpr std::chrono::seconds report_after{1};

cache_options checked(cache_options options) {
  if (!entry::key_space::is_valid_name(options.name)) {
    throw std::invalid_argument{
        "drover: cache_options.name must be 1 to 64 characters of A-Z a-z 0-9 _ . -"};
  }
  if (const auto complaint = complaint_about(options.policy)) {
    throw std::invalid_argument{"drover: cache \"" + options.name + "\": " + *complaint};
  }
  return options;
}

}  // namespace

class engine::impl {
 public:
  impl(std::shared_ptr<core> shared, cache_options options, value_type type, erased_loader loader)
      : core_{std::move(shared)},
        part_{std::make_shared<cache_part>(checked(std::move(options)), type, std::move(loader))} {
    if (!core_->take_name(part_->keys.name(), part_->keys.schema())) {
      throw std::invalid_argument{"drover: this client has a cache \"" + part_->keys.name() +
                                  "\" with schema " + std::to_string(part_->keys.schema()) +
                                  " already; share that one, or use another name"};
    }
  }

  ~impl() {
    static_cast<void>(drain(release_patience));
    wait_for_loads();
    core_->end_flights(part_);
    wait_for_loads();  // what was offered in between; nothing new can be offered now
    part_->loader = nullptr;
    core_->free_name(part_->keys.name(), part_->keys.schema());
  }

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  [[nodiscard]] reading read(std::string_view key, const call_options& limits,
                             const erased_loader* borrowed) {
    return reading{*core_, part_, key, limits, borrowed};
  }

  // Counted as running from here on, not from when a thread takes it up: the destructor waits for
  // it.
  void refresh(std::string_view key) {
    {
      const std::scoped_lock lock{part_->running_mutex};
      if (part_->draining) return;
      ++part_->running;
    }
    const bool taken = core_->pool().submit(&part_->running, [this, key = std::string{key}] {
      try {
        read(key, {}, nullptr).refresh();
      } catch (...) {  // the load's failure has been told and counted; nobody waits for it here
      }
      ended(1);
    });
    if (taken) return;
    ended(1);
    counters::add(part_->counted.refreshes_dropped);
    core_->tell({.what = event_kind::refresh_dropped,
                 .cache = part_->keys.name(),
                 .key = key,
                 .text = "the background queue is full"},
                &part_->counted);
  }

  result<void> invalidate(std::string_view key) {
    std::vector<std::string> values;
    std::vector<std::string> marks;
    name_all(key, values, marks);
    std::vector<std::string> both = values;
    both.insert(both.end(), marks.begin(), marks.end());
    core_->key_was_invalidated(values);
    const auto noted = core_->note_invalidation(both);
    result<void> done = core_->redis().invalidate(both);
    core_->key_was_invalidated(values);
    counters::add(part_->counted.invalidations);
    if (done) {
      core_->invalidation_acknowledged(noted);
    } else {
      counters::add(part_->counted.invalidations_unknown);
      core_->tell_fault(done.error(), part_.get(), key);
      core_->tell({.what = event_kind::invalidation_unknown,
                   .cache = part_->keys.name(),
                   .key = key,
                   .code = done.error().code,
                   .text = done.error().text},
                  &part_->counted);
    }
    return done;
  }

  result<void> expire(std::string_view key) {
    std::vector<std::string> values;
    std::vector<std::string> marks;
    name_all(key, values, marks);
    core_->key_was_invalidated(values);
    result<void> done = core_->redis().expire(values, marks, random_token);
    core_->key_was_invalidated(values);
    if (!done) core_->tell_fault(done.error(), part_.get(), key);
    return done;
  }

  [[nodiscard]] cache_stats stats() const noexcept { return part_->counted.snapshot(); }

  std::size_t drain(duration limit) {
    part_->draining = true;
    ended(core_->pool().cancel(&part_->running));
    core_->give_up_leases(part_);
    std::unique_lock lock{part_->running_mutex};
    part_->running_ended.wait_for(lock, limit, [&] { return part_->running == 0; });
    return part_->running;
  }

 private:
  void name_all(std::string_view key, std::vector<std::string>& values,
                std::vector<std::string>& marks) const {
    values.push_back(part_->keys.value_key(key));
    marks.push_back(part_->keys.mark_key(key));
    for (const entry::key_space& other : part_->also_invalidates) {
      values.push_back(other.value_key(key));
      marks.push_back(other.mark_key(key));
    }
  }

  // Told under the mutex: whoever waits for this may destroy it as soon as the mutex is free.
  void ended(std::size_t how_many) {
    const std::scoped_lock lock{part_->running_mutex};
    part_->running -= how_many;
    part_->running_ended.notify_all();
  }

  void wait_for_loads() {
    std::unique_lock lock{part_->running_mutex};
    const auto none = [&] { return part_->running == 0; };
    if (part_->running_ended.wait_for(lock, report_after, none)) return;
    lock.unlock();
    core_->tell({.what = event_kind::drain_waiting,
                 .cache = part_->keys.name(),
                 .text = "a cache that is being destroyed waits for running loads"},
                &part_->counted);
    lock.lock();
    part_->running_ended.wait(lock, none);
  }

  std::shared_ptr<core> core_;
  std::shared_ptr<cache_part> part_;
};

engine::engine(std::shared_ptr<core> shared, cache_options options, value_type type,
               erased_loader loader)
    : impl_{
          std::make_shared<impl>(std::move(shared), std::move(options), type, std::move(loader))} {}

engine::~engine() = default;

erased_fetched engine::fetch(std::string_view key, const call_options& limits) {
  return impl_->read(key, limits, nullptr).fetch();
}

erased_fetched engine::fetch_with(std::string_view key, const erased_loader& borrowed,
                                  const call_options& limits) {
  return impl_->read(key, limits, &borrowed).fetch();
}

erased_value engine::peek(std::string_view key) { return impl_->read(key, {}, nullptr).peek(); }

void engine::refresh(std::string_view key) noexcept {
  try {
    impl_->refresh(key);
  } catch (const std::bad_alloc&) {  // no memory, no refresh: the next read asks for it again
  }
}

result<void> engine::invalidate(std::string_view key) noexcept {
  try {
    return impl_->invalidate(key);
  } catch (const std::bad_alloc&) {
    return fault{fault_code::overloaded, "out of memory"};
  }
}

result<void> engine::expire(std::string_view key) noexcept {
  try {
    return impl_->expire(key);
  } catch (const std::bad_alloc&) {
    return fault{fault_code::overloaded, "out of memory"};
  }
}

cache_stats engine::stats() const noexcept { return impl_->stats(); }

std::size_t engine::drain(duration limit) noexcept {
  try {
    return impl_->drain(limit);
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

}  // namespace drover::detail
