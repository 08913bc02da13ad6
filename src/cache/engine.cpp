// SPDX-License-Identifier: MIT
#include <drover/cache.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <utility>

#include "cache/core.hpp"
#include "cache/elsewhere.hpp"
#include "cache/load_chain.hpp"
#include "cache/random_draws.hpp"
#include "cache/read_operation.hpp"

namespace drover::detail {

namespace {

constexpr duration release_patience{100};
constexpr std::chrono::seconds report_after{1};
constexpr duration longest_wait{std::chrono::hours{24 * 365}};

fault forked() {
  return {fault_code::unreachable, "this process is a fork; make a new client in it"};
}

cache_options checked(cache_options options) {
  if (!entry::key_space::is_valid_name(options.name)) {
    throw std::invalid_argument{
        "drover: cache_options.name must be 1 to 64 characters of A-Z a-z 0-9 _ . -"};
  }
  if (const auto complaint = validate(options.policy)) {
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

  // The thread that destroys the cache may be inside one of its loaders. It does not wait for its
  // own loads, and the loader is then destroyed with the last load.
  ~impl() {
    const std::size_t own = load_chain::depth_in(part_.get());
    static_cast<void>(drain(release_patience));
    wait_for_loads(own);
    core_->flights().end_flights(part_);
    // Loads that were offered before `end_flights`; no more can be offered now.
    wait_for_loads(own);
    if (own == 0) {
      part_->loader = nullptr;
    } else {
      part_->ends_with_its_loads = true;
    }
    core_->free_name(part_->keys.name(), part_->keys.schema());
  }

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  [[nodiscard]] bool is_inherited() const noexcept { return core_->is_inherited(); }
  /// True in user code that a callback of the connection runs, such as the destructor of a value.
  [[nodiscard]] static bool is_in_callback() noexcept { return store::callback_scope::is_inside(); }

  [[nodiscard]] erased_fetched fetch(std::string_view key, const call_options& limits,
                                     const erased_loader* borrowed) {
    if (is_inherited()) return load_without_engine(*part_, key, borrowed);
    if (is_in_callback()) return load_in_callback(key, borrowed);
    return read_operation{*core_, part_, key, limits, borrowed}.fetch();
  }

  [[nodiscard]] erased_value peek(std::string_view key) {
    if (is_inherited() || is_in_callback()) return nullptr;
    return read_operation{*core_, part_, key, {}, nullptr}.peek();
  }

  // Does not wait: the lookup of the stored entry needs no thread, only the load does.
  void refresh(std::string_view key) {
    if (is_inherited() || part_->draining || key.size() > core_->options().key_max) return;
    auto names = std::make_shared<const key_names>(part_->keys, key);
    const std::string& value_key = names->value_key;
    core_->redis().look_up_later(
        value_key, [&on = *core_, part = part_, names](const result<store::found>& stored) {
          begin_refresh(on, part, *names, stored);
        });
  }

  result<void> invalidate(std::string_view key) {
    if (is_inherited()) return forked();
    std::vector<std::string> values;
    std::vector<std::string> marks;
    name_all(key, values, marks);
    for (const std::string& value : values) core_->flights().key_was_invalidated(value);
    result<void> outcome = core_->unacknowledged().send(*part_, key, values, marks);
    for (const std::string& value : values) core_->flights().key_was_invalidated(value);
    return outcome;
  }

  result<void> expire(std::string_view key) {
    if (is_inherited()) return forked();
    if (is_in_callback()) return store::in_a_callback();
    std::vector<std::string> values;
    std::vector<std::string> marks;
    name_all(key, values, marks);
    for (const std::string& value : values) core_->flights().key_was_invalidated(value);
    result<void> outcome = core_->redis().expire(values, marks, random_token);
    for (const std::string& value : values) core_->flights().key_was_invalidated(value);
    if (!outcome) core_->report().tell_fault(outcome.error(), part_.get(), key);
    return outcome;
  }

  [[nodiscard]] cache_stats stats() const noexcept { return part_->counted.snapshot(); }

  std::size_t drain(duration limit) {
    if (is_inherited()) return 0;
    part_->draining = true;
    core_->cancel_refreshes(*part_);
    core_->flights().give_up_leases(part_);
    const std::size_t own = load_chain::depth_in(part_.get());
    std::unique_lock lock{part_->running_mutex};
    if (is_in_callback()) return part_->running;
    part_->running_ended.wait_for(lock, std::clamp(limit, duration{0}, longest_wait),
                                  [&] { return part_->running <= own; });
    return part_->running;
  }

 private:
  static void begin_refresh(core& on, const std::shared_ptr<cache_part>& part,
                            const key_names& names, const result<store::found>& stored) {
    if (!stored) return on.report().tell_fault(stored.error(), part.get(), names.key);
    const store::redis_store& server = *stored->by;
    const fetch::judgement judged = fetch::judge(stored->entry, names.digest, server.server_now(),
                                                 server.trusted(), part->policy.failure_pause_max);
    const entry::envelope& head = judged.read.head;
    const bool live =
        judged.state == fetch::finding::fresh || judged.state == fetch::finding::stale;
    if (live && head.kind == entry::kind::value &&
        !on.unacknowledged().is_pending(names.value_key)) {
      static_cast<void>(on.flights().begin_refresh(
          {.part = part,
           .names = names,
           .base = head.produced_by,
           .servable_until = server.steady_at(entry::servable_until(head)),
           .previous_payload = judged.read.payload,
           .is_requested = true}));
    } else if (live || judged.state == fetch::finding::missing ||
               judged.state == fetch::finding::damaged) {
      on.flights().begin_background_load(
          part, names, judged.state == fetch::finding::missing ? entry::token{} : head.produced_by);
    }
  }

  // The loader may drop the last handle. Another thread then destroys the engine and waits for the
  // load.
  [[nodiscard]] erased_fetched load_in_callback(std::string_view key,
                                                const erased_loader* borrowed) {
    const std::shared_ptr<core> on = core_;
    const std::shared_ptr<cache_part> part = part_;
    const running_load running{*part};
    return load_without_engine(*part, key, borrowed);
  }

  void name_all(std::string_view key, std::vector<std::string>& values,
                std::vector<std::string>& marks) const {
    values.push_back(part_->keys.value_key(key));
    marks.push_back(part_->keys.refresh_mark_key(key));
    for (const entry::key_space& other : part_->also_invalidates) {
      values.push_back(other.value_key(key));
      marks.push_back(other.refresh_mark_key(key));
    }
  }

  void wait_for_loads(std::size_t own) {
    std::unique_lock lock{part_->running_mutex};
    const auto none = [&] { return part_->running <= own; };
    if (part_->running_ended.wait_for(lock, report_after, none)) return;
    lock.unlock();
    core_->report().tell({.kind = event_kind::drain_waiting,
                          .cache = part_->keys.name(),
                          .text = "a cache that is being destroyed waits for running loads"},
                         &part_->counted);
    // The other loads may wait for a load of this thread, which cannot end before this destructor
    // returns.
    load_chain::for_keys_in(
        part_.get(), [&](std::string_view key) { core_->flights().give_up_load(*part_, key); });
    lock.lock();
    part_->running_ended.wait(lock, none);
  }

  std::shared_ptr<core> core_;
  std::shared_ptr<cache_part> part_;
};

engine::engine(std::shared_ptr<core> shared, cache_options options, value_type type,
               erased_loader loader)
    : impl_{new impl{std::move(shared), std::move(options), type, std::move(loader)},
            [](impl* held) { delete_outside_callbacks(held); }} {}

// A child of `fork` never frees inherited objects, because their locks may be held for ever.
engine::~engine() {
  if (!impl_ || !impl_->is_inherited()) return;
  using pointer = std::shared_ptr<impl>;
  alignas(pointer) static thread_local std::byte kept[sizeof(pointer)];
  new (kept) pointer{impl_};
}

erased_fetched engine::fetch(std::string_view key, const call_options& limits) {
  return impl_->fetch(key, limits, nullptr);
}

erased_fetched engine::fetch_with(std::string_view key, const erased_loader& borrowed,
                                  const call_options& limits) {
  return impl_->fetch(key, limits, &borrowed);
}

erased_value engine::peek(std::string_view key) { return impl_->peek(key); }

void engine::refresh(std::string_view key) noexcept {
  try {
    impl_->refresh(key);
  } catch (...) {  // out of memory: no refresh now; the next read starts one
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
