// SPDX-License-Identifier: MIT
#pragma once

#include <drover/client.hpp>
#include <drover/codec.hpp>
#include <drover/detail/engine.hpp>
#include <drover/detail/loader_shape.hpp>
#include <drover/failure.hpp>
#include <drover/fetched.hpp>
#include <drover/loader.hpp>
#include <drover/policy.hpp>
#include <drover/result.hpp>
#include <drover/stats.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace drover {

namespace detail {

template <class T>
[[nodiscard]] value_type erase_type() {
  static_assert(encodable<T>,
                "drover: the type of this cache has no drover::codec. For a struct, list its "
                "members: template <> struct drover::codec<user> : drover::member_codec<user, "
                "&user::id, &user::name> {}; or inherit from a codec in <drover/codecs/...>, or "
                "write encode and decode. An enum needs a fixed underlying type. All ways are in "
                "docs/how-to/own-types.md");
  if constexpr (!encodable<T>) {
    return {};
  } else {
    return {
        .encode = [](const void* value) -> std::string {
          return codec<T>::encode(*static_cast<const T*>(value));
        },
        .decode = [](std::string_view bytes) -> erased_value {
          result<T> read = codec<T>::decode(bytes);
          return read ? std::make_shared<const T>(*std::move(read)) : nullptr;
        },
        .tag = &type_tag<T>,
    };
  }
}

template <class T>
[[nodiscard]] cache_options with_schema(cache_options options) {
  if constexpr (encodable<T>) {
    if (options.schema == 0) options.schema = schema_of<T>;
  }
  return options;
}

template <class T>
[[nodiscard]] std::optional<T> copy_out(const erased_value& held) {
  static_assert(std::is_copy_constructible_v<T>,
                "drover: get, fetch, peek and get_or_load return a copy, and this type cannot be "
                "copied. Use get_shared, fetch_shared or peek_shared, which return a pointer");
  if (!held) return std::nullopt;
  return *static_cast<const T*>(held.get());
}

template <class T>
[[nodiscard]] std::shared_ptr<const T> share(erased_value&& held) {
  return std::static_pointer_cast<const T>(std::move(held));
}

}  // namespace detail

/// A read-through cache of `T` by key. The values are in Redis, and a loader reads them from the
/// origin.
///
/// When several callers need the same load, one of them runs the loader and the others wait for it:
/// in this process, and across processes as long as Redis is reachable. Two loads of a key overlap
/// in a process only
///   - when new callers may not get the result of the first load, because its key was invalidated
///     or its lease was lost while it ran;
///   - when the first load has passed `policy::load_max`;
///   - when calls with a deadline bypass a Redis that does not answer: at most
///     `policy::bypass_max` loads;
///   - when the first load runs without a lease (without Redis, or because the value may not be
///     stored), the connection was lost, and Redis answers again;
///   - when memory or threads run out.
/// A fault of the cache never reaches the caller of a read: the value then comes from a stale
/// entry, if Redis still answers reads, or from the loader.
///
/// Threads:  every member from any thread, except from within a loader for the same key.
/// Lifetime: keeps the client's state alive. The loader may run until the cache is destroyed. The
///           destructor releases the leases of running loads and waits for the loads to return. It
///           may run inside a loader of this cache, also by `std::exit`: it then waits for all
///           loads but that one. Otherwise no call may be in progress. This includes static caches
///           at `std::exit`.
/// Callbacks: destructors of values and exceptions may run on a thread that reads the replies of
///           all callers, and must be short. A call from there does not wait for Redis: `get`,
///           `fetch` and `get_or_load` run the loader at once, whatever their limits (`bypassed`);
///           `peek` returns nullopt; `invalidate` is sent and `expire` is not, and both return a
///           fault; `drain` does not wait. The destruction of a cache or client there finishes on
///           another thread, perhaps later; until then the name of the cache is taken.
/// Fork:     in a child of `fork` an inherited cache uses neither Redis nor the parent's threads.
///           `get`, `fetch` and `get_or_load` run the loader at each call (`bypassed`); `peek`
///           returns nullopt; `invalidate` and `expire` return a fault; `refresh` does nothing;
///           `drain` returns 0; `stats` starts from the parent's counters. The destructor returns
///           at once and frees no memory. Make a new client in the child.
template <class T>
class cache {
 public:
  /// `loader` loads one key. It is called as `R(std::string_view key)` or
  /// `R(std::string_view key, load&)`, where R is `T`, `std::optional<T>` (nullopt: the origin has
  /// no such value) or `loaded<T>`. The key may also be a `const std::string&`. A move-only loader
  /// is accepted. The loader runs in a caller's thread, in a thread of the client or in
  /// `client_options::executor`, and for several keys at once. It must own what it captures.
  ///
  /// Throws:  `std::invalid_argument` when an option is out of range (the text names it), and when
  ///          the client already has a cache with the same name and schema.
  /// Blocks:  never.
  template <class Loader>  // compilers print the next line when a time in the options has no unit
  cache(const client& on, cache_options options, Loader loader)  // times: 60s, 500ms; not 60, 0.5s
      : engine_{detail::client_access::core_of(on), detail::with_schema<T>(std::move(options)),
                detail::erase_type<T>(), detail::erase_loader<T>(std::move(loader))} {}

  /// Returns the value for `key` and loads it if necessary. Returns nullopt when the origin has no
  /// such value.
  ///
  /// Throws:  what the loader throws, when no stale value may be served: all callers that waited
  ///          get the same exception object, so catch by `const&`. `load_failed` when a load in
  ///          another process failed, when a load passed `policy::load_max`, and, with the
  ///          `refused` nested, when another cache refused the loader. `refused` when this call's
  ///          own limits end it, and for saturation. `std::logic_error` from within a loader of the
  ///          same key. Never because of Redis.
  /// Blocks:  apart from a loader that runs on this thread, at most for the sum of
  ///            - load_max for each load of the key that it waits for. It counts from the grant of
  ///              the load, even if the load has not begun; the policy is that of the process that
  ///              loads. If that process has died, lease_ttl instead. Usually there is one such
  ///              load. There is another one for each load that ends without an answer, because
  ///              the key was invalidated, the process died, or the load could not begin; and one
  ///              more when the value of the last load is not stored and this call came too late
  ///              for it;
  ///            - load_max * ceil((q + 1) / bypass_max) for a turn while Redis is away, where q
  ///              loads are queued before this one. At most bypass_queue_max loads are queued; any
  ///              further call is refused{saturated} at once. A call inside a loader needs no turn;
  ///            - connect_max for a connection, and 4 * silence_max for each reply that trickles
  ///              (silence_max for a missing reply; a second more for each 64 KiB of a long one).
  ///              Nothing once Redis counts as away.
  ///          Signals lengthen none of these. `limits` and `policy::wait_max` end the call earlier.
  /// Deadline: Redis has half of the remaining time to answer. After that this call alone loads
  ///          without Redis (`bypassed`, on a turn). A call that Redis told to wait for a load
  ///          waits until the deadline and is then refused{timed_out}. The load runs on another
  ///          thread (see `call_options`).
  /// Threads: any, except from within a loader for the same key.
  [[nodiscard]] std::optional<T> get(std::string_view key, const call_options& limits = {}) {
    return detail::copy_out<T>(engine_.fetch(key, limits).value);
  }

  /// As `get`. Also returns how the value was served and how old it is.
  ///
  /// Throws:  as `get`.
  /// Blocks:  as `get`.
  /// Threads: as `get`.
  [[nodiscard]] fetched<T> fetch(std::string_view key, const call_options& limits = {}) {
    const detail::erased_fetched got = engine_.fetch(key, limits);
    return {.value = detail::copy_out<T>(got.value), .how = got.how, .age = got.age};
  }

  /// As `get`, without a copy, and also for types that cannot be copied. Returns nullptr when the
  /// origin has no such value. The value is shared with all callers of this load; each hit decodes
  /// a value of its own.
  ///
  /// Throws:  as `get`.
  /// Blocks:  as `get`.
  /// Threads: as `get`. The value must be safe to read from several threads.
  [[nodiscard]] std::shared_ptr<const T> get_shared(std::string_view key,
                                                    const call_options& limits = {}) {
    return detail::share<T>(engine_.fetch(key, limits).value);
  }

  /// As `fetch`, without a copy. The pointer in the value is never null.
  ///
  /// Throws:  as `get`.
  /// Blocks:  as `get`.
  /// Threads: as `get_shared`.
  [[nodiscard]] fetched<std::shared_ptr<const T>> fetch_shared(std::string_view key,
                                                               const call_options& limits = {}) {
    detail::erased_fetched got = engine_.fetch(key, limits);
    fetched<std::shared_ptr<const T>> shared{.how = got.how, .age = got.age};
    if (got.value) shared.value = detail::share<T>(std::move(got.value));
    return shared;
  }

  /// As `get`, with a loader for this call. The loader may refer to the caller's local variables:
  /// it runs in this thread and only before the call returns, so refreshes of a stale entry happen
  /// in the foreground too, and `limits` cannot end the call while its own loader runs.
  ///
  /// Throws:  as `get`; but the failure of another caller's load only after this call has tried its
  ///          own loader once. Such tries run one at a time, each under the lease.
  /// Blocks:  as `get`, and while its own loader runs.
  /// Threads: as `get`.
  template <class Loader>
  [[nodiscard]] std::optional<T> get_or_load(std::string_view key, Loader&& loader,
                                             const call_options& limits = {}) {
    const detail::erased_loader borrowed = detail::erase_loader<T>(std::ref(loader));
    return detail::copy_out<T>(engine_.fetch_with(key, borrowed, limits).value);
  }

  /// Returns the value in Redis if it is fresh or within grace, otherwise nullopt. Also nullopt
  /// while an invalidation of the key is pending (see `invalidate`). Never loads, and starts no
  /// refresh.
  ///
  /// Throws:  `std::bad_alloc`.
  /// Blocks:  for one reply of Redis, at most `client_options::silence_max`.
  /// Threads: any.
  [[nodiscard]] std::optional<T> peek(std::string_view key) {
    return detail::copy_out<T>(engine_.peek(key));
  }

  /// As `peek`, without a copy. Returns nullptr where `peek` returns nullopt.
  ///
  /// Throws:  as `peek`.
  /// Blocks:  as `peek`.
  /// Threads: any. The value must be safe to read from several threads.
  [[nodiscard]] std::shared_ptr<const T> peek_shared(std::string_view key) {
    return detail::share<T>(engine_.peek(key));
  }

  /// Loads `key` again in the background while the old value is served. Does nothing when a load or
  /// refresh of the key already runs in this process, when the refresh mark of the key is held
  /// (another process refreshes the key, the pause after a failed refresh lasts, or a holder died
  /// less than `policy::lease_ttl` ago), when Redis does not answer, when there are
  /// `client_options::flights_max` flights, and while the cache drains. When the background queue
  /// is full, the refresh is dropped and counted.
  ///
  /// Throws:  nothing.
  /// Blocks:  never.
  /// Threads: any.
  void refresh(std::string_view key) noexcept { engine_.refresh(key); }

  /// Makes sure that no reader gets the value that is stored now, or the result of a load that
  /// began earlier. Call it after the origin was changed.
  ///
  /// Returns: nothing when Redis acknowledged it. Every `get` that begins later then sees the
  ///          change. Otherwise the fault: it is unknown whether Redis executed it, and the key is
  ///          pending. The invalidation is sent again, after 50 ms to 1 s and after every
  ///          reconnect, until a server acknowledges it. Until then this process does not serve the
  ///          stored entry, neither as fresh nor as stale; when it is granted a lease of the key,
  ///          the key is no longer pending. Other processes serve the old value until a server has
  ///          acknowledged the invalidation, at most for ttl and grace. When
  ///          `client_options::invalidations_max` others are unacknowledged, it is neither kept nor
  ///          pending: `event_kind::invalidation_dropped`. Values that are `bypassed` are exempt:
  ///          while a call cannot ask Redis, it shares a load that already runs in its process.
  /// Throws:  nothing.
  /// Blocks:  for a reply of Redis, as `get` does. It is sent a second time if the connection is
  ///          lost.
  /// Threads: any.
  [[nodiscard]] result<void> invalidate(std::string_view key) noexcept {
    return engine_.invalidate(key);
  }

  /// Makes the stored value stale now: it is refreshed, and may still be served within grace.
  /// Refreshes already running are not stored. Without grace it is the same as `invalidate`.
  ///
  /// Returns: as `invalidate`, but after a fault it is not sent again, and the key is not pending.
  /// Throws:  nothing.
  /// Blocks:  for a reply of Redis, as `get` does.
  /// Threads: any.
  [[nodiscard]] result<void> expire(std::string_view key) noexcept { return engine_.expire(key); }

  /// A snapshot of the counters.
  ///
  /// Throws:  nothing.
  /// Threads: any.
  [[nodiscard]] cache_stats stats() const noexcept { return engine_.stats(); }

  /// Prepares for shutdown: starts no new background load, fires the stop tokens of running loads,
  /// releases leases, and waits for at most `limit`. Returns the number of loads that still run.
  /// Inside a loader of this cache it does not wait for that load.
  ///
  /// Throws:  nothing.
  /// Blocks:  at most `limit`, and for callbacks on the stop tokens.
  /// Threads: any.
  std::size_t drain(duration limit) noexcept { return engine_.drain(limit); }

 private:
  detail::engine engine_;
};

}  // namespace drover
