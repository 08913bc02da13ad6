// SPDX-License-Identifier: MIT
#pragma once

#include <drover/client.hpp>
#include <drover/codec.hpp>
#include <drover/detail/engine.hpp>
#include <drover/failure.hpp>
#include <drover/fetched.hpp>
#include <drover/loader.hpp>
#include <drover/policy.hpp>
#include <drover/result.hpp>
#include <drover/stats.hpp>

#include <concepts>
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

template <class Loader>
concept takes_load = std::is_invocable_v<Loader&, std::string_view, load&>;

template <class Loader>
decltype(auto) ask(Loader& asked, std::string_view key, load& run) {
  if constexpr (takes_load<Loader>) {
    return std::invoke(asked, key, run);
  } else {
    static_assert(std::is_invocable_v<Loader&, std::string_view>);
    return std::invoke(asked, key);
  }
}

template <class Result, class T>
concept loadable_as = std::same_as<std::remove_cvref_t<Result>, loaded<T>> ||
    std::same_as<std::remove_cvref_t<Result>, std::optional<T>> || std::convertible_to<Result, T>;

/// A callable that asks the origin for one key: `R(std::string_view)` or `R(std::string_view,
/// load&)` with R one of `T` (or what converts to it), `std::optional<T>`, `loaded<T>`.
template <class Loader, class T>
concept loads = (takes_load<Loader> &&
                 requires(Loader & asked, std::string_view key, load& run) {
                   { std::invoke(asked, key, run) } -> loadable_as<T>;
                 }) ||
                (!takes_load<Loader> && requires(Loader & asked, std::string_view key) {
                  { std::invoke(asked, key) } -> loadable_as<T>;
                });

template <class T, class Loader>
[[nodiscard]] loaded<T> run_loader(Loader& asked, std::string_view key, load& run) {
  using answer = std::remove_cvref_t<decltype(ask(asked, key, run))>;
  if constexpr (std::same_as<answer, loaded<T>> || std::same_as<answer, std::optional<T>>) {
    return loaded<T>(ask(asked, key, run));
  } else {
    return loaded<T>(T(ask(asked, key, run)));
  }
}

template <class T, class Loader>
[[nodiscard]] erased_loader erase_loader(Loader asked) {
  return [asked = std::move(asked)](std::string_view key, load& run) mutable {
    loaded<T> found = run_loader<T>(asked, key, run);
    erased_load out;
    if (found.value) out.value = std::make_shared<const T>(*std::move(found.value));
    out.ttl = found.ttl ? found.ttl : run.ttl();
    out.store = found.store;
    return out;
  };
}

template <class T>
[[nodiscard]] value_type erase_type() {
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

template <class T>
[[nodiscard]] std::optional<T> copy_out(const erased_value& held) {
  if (!held) return std::nullopt;
  return *static_cast<const T*>(held.get());
}

}  // namespace detail

/// A read-through cache of `T` by key: in Redis, in front of a loader.
///
/// Of all callers that need the same load, one runs the loader and the rest wait for it: in this
/// process, and across processes as long as Redis is reachable. Two loads of a key overlap in a
/// process only
///   - when the first one's result may no longer be given to newcomers: its key was invalidated or
///     its lease was lost while it ran;
///   - when the first one has passed `policy::load_max`;
///   - when calls with a deadline bypass a Redis that does not answer: at most
///     `policy::bypass_max` loads;
///   - when memory or threads run out.
/// A fault of the cache never becomes the caller's: the value comes from a stale entry, if Redis
/// still answers reads, or from the loader instead.
///
/// Threads:  every member from any thread, except from within a loader for the same key.
/// Lifetime: keeps the client's state alive. The loader may run until the cache is destroyed. The
///           destructor gives running loads' leases back and waits for the loads to return. It may
///           run inside a loader of this cache, also by `std::exit`: it then waits for the others.
/// Fork:     in a child of `fork` an inherited cache works by itself, without Redis and without the
///           parent's threads. `get`, `fetch` and `get_or_load` run the loader at each call
///           (`bypassed`); `peek` answers nullopt; `invalidate` and `expire` return a fault;
///           `refresh` does nothing; `drain` answers 0; `stats` counts on from the parent's. It is
///           destroyed at once and its memory is not freed. Make a new client in the child.
template <encodable T>
class cache {
 public:
  /// `loader` is asked for one key: `R(std::string_view key)` or `R(std::string_view key, load&)`,
  /// with R one of `T`, `std::optional<T>` (nullopt: there is no such thing) and `loaded<T>`. It
  /// runs in a caller's thread, in one of the client's or in `client_options::executor`, several
  /// keys at once; it owns what it captures.
  ///
  /// Throws:  `std::invalid_argument` naming the option that cannot be meant, and when the client
  ///          has a cache with the same name and schema already.
  /// Blocks:  never.
  template <detail::loads<T> Loader>
  cache(const client& on, cache_options options, Loader loader)
      : engine_{detail::client_access::core_of(on), std::move(options), detail::erase_type<T>(),
                detail::erase_loader<T>(std::move(loader))} {}

  /// Returns the value for `key`, loading it if need be; nullopt when the origin says that there is
  /// no such thing.
  ///
  /// Throws:  what the loader throws, when no stale value may be served: the same exception object
  ///          goes to all who waited, so catch by `const&`. `load_failed` for another process's
  ///          failure, for a load that passed `policy::load_max`, and, with the `refused` nested,
  ///          for a loader that another cache refused. `refused` for this call's own limits or
  ///          saturation. `std::logic_error` from within a loader of the same key. Never because of
  ///          Redis.
  /// Blocks:  a loader that runs on this thread aside, at most for the sum of
  ///            - load_max for each load of the key that it waits for, counted from the load's
  ///              grant whether it has begun or not, by its process's policy; lease_ttl where that
  ///              process has died. Usually that is one load; another one for each that ends
  ///              without an answer: the key was invalidated, the process died, nobody could begin
  ///              the load;
  ///            - load_max * ceil((q + 1) / bypass_max) for a turn while Redis is away, q being the
  ///              loads queued before this one. At most bypass_queue_max queue; beyond that the
  ///              call is refused{saturated} at once. A call inside a loader needs no turn;
  ///            - connect_max for a connection, and 4 * silence_max for each reply that trickles
  ///              (silence_max for one that does not come, longer for one that is long: 64 KiB a
  ///              second). Nothing once Redis counts as away.
  ///          Signals lengthen none of these. `limits` and `policy::wait_max` end the call earlier.
  /// Deadline: Redis has half of the time that is left to answer. After that this call alone loads
  ///          without it (`bypassed`, on a turn). A call that was told to wait for a load waits for
  ///          it until the deadline, and is then refused{timed_out}. The load runs on another
  ///          thread (see `call_options`).
  /// Threads: any, except from within a loader for the same key.
  [[nodiscard]] std::optional<T> get(std::string_view key, const call_options& limits = {}) {
    return detail::copy_out<T>(engine_.fetch(key, limits).value);
  }

  /// As `get`, with how the value was served and how old it is.
  ///
  /// Throws:  as `get`.
  /// Blocks:  as `get`.
  /// Threads: as `get`.
  [[nodiscard]] fetched<T> fetch(std::string_view key, const call_options& limits = {}) {
    const detail::erased_fetched got = engine_.fetch(key, limits);
    return {.value = detail::copy_out<T>(got.value), .how = got.how, .age = got.age};
  }

  /// As `get`, with a loader for this call. It may borrow the caller's locals: it runs in this
  /// thread and only before the call returns, so refreshes of a stale entry happen in the
  /// foreground too, and `limits` cannot end the call while its own loader runs.
  ///
  /// Throws:  as `get`; but the failure of another's load only when its own loader has been tried,
  ///          once. Such tries run one at a time, each under the lease.
  /// Blocks:  as `get`, and while its own loader runs.
  /// Threads: as `get`.
  template <detail::loads<T> Loader>
  [[nodiscard]] std::optional<T> get_or_load(std::string_view key, Loader&& loader,
                                             const call_options& limits = {}) {
    const detail::erased_loader borrowed = detail::erase_loader<T>(std::ref(loader));
    return detail::copy_out<T>(engine_.fetch_with(key, borrowed, limits).value);
  }

  /// The value in Redis if it is fresh or within grace, else nullopt; nullopt too while an
  /// invalidation of the key is pending (see `invalidate`). Never loads, starts no refresh.
  ///
  /// Throws:  `std::bad_alloc`.
  /// Blocks:  for one reply of Redis, at most `client_options::silence_max`.
  /// Threads: any.
  [[nodiscard]] std::optional<T> peek(std::string_view key) {
    return detail::copy_out<T>(engine_.peek(key));
  }

  /// Loads again in the background while the old value is served. Dropped when a load or refresh of
  /// the key runs already in this process, when Redis does not answer, past
  /// `client_options::flights_max` and while the cache drains; dropped and counted when the
  /// background queue is full.
  ///
  /// Throws:  nothing.
  /// Blocks:  never.
  /// Threads: any.
  void refresh(std::string_view key) noexcept { engine_.refresh(key); }

  /// Makes sure that no reader is served what is stored now, nor what a load begun earlier brings.
  /// Call it after the origin was changed.
  ///
  /// Returns: nothing when Redis acknowledged it, in which case every `get` that begins later sees
  ///          the change; else the fault: it is unknown whether it took effect, and the key is
  ///          pending. The invalidation is sent again, after 50 ms to 1 s and after every
  ///          reconnect, until a server acknowledges it. Until then this process serves what is
  ///          stored neither as fresh nor as stale; a lease that it is granted meanwhile settles
  ///          the key. Other processes serve the old value until a server has acknowledged it, at
  ///          most for ttl and grace. Past `client_options::invalidations_max` unacknowledged ones
  ///          it is neither kept nor pending: `event_kind::invalidation_dropped`.
  ///          Exempt are values `bypassed`: a load that ran without Redis's word is shared with all
  ///          who waited for it.
  /// Throws:  nothing.
  /// Blocks:  for a reply of Redis, as `get` does; asked again once if the connection was lost.
  /// Threads: any.
  [[nodiscard]] result<void> invalidate(std::string_view key) noexcept {
    return engine_.invalidate(key);
  }

  /// Makes what is stored stale now: it is refreshed, and may still be served within grace.
  /// Refreshes already running are not stored. Without grace it is the same as `invalidate`.
  ///
  /// Returns: as `invalidate`, but after a fault it is not repeated, and the key is not pending.
  /// Throws:  nothing.
  /// Blocks:  for a reply of Redis, as `get` does.
  /// Threads: any.
  [[nodiscard]] result<void> expire(std::string_view key) noexcept { return engine_.expire(key); }

  /// The counters as they stand.
  ///
  /// Throws:  nothing.
  /// Threads: any.
  [[nodiscard]] cache_stats stats() const noexcept { return engine_.stats(); }

  /// Before shutdown: starts no new background load, fires the stop tokens of running loads,
  /// releases leases, and waits for at most `limit`. Returns how many loads still run, each counted
  /// once. Inside a loader of this cache it does not wait for that load.
  ///
  /// Throws:  nothing.
  /// Blocks:  at most `limit`.
  /// Threads: any.
  std::size_t drain(duration limit) noexcept { return engine_.drain(limit); }

 private:
  detail::engine engine_;
};

}  // namespace drover
