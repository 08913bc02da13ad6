// SPDX-License-Identifier: MIT
#pragma once

#include <drover/policy.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace drover {

/// What a loader may return besides `T` and `std::optional<T>`: a value with its own ttl, or one
/// that must not be stored.
template <class T>
struct loaded {
  loaded(T result) : value{std::move(result)} {}
  loaded(std::optional<T> result) : value{std::move(result)} {}
  /// `ttl` replaces `policy::ttl` for this entry (`policy::absent_ttl` where nothing was found).
  loaded(std::optional<T> result, duration own_ttl) : value{std::move(result)}, ttl{own_ttl} {}

  /// Returned to the callers that wait in this process, and not stored.
  [[nodiscard]] static loaded do_not_store(std::optional<T> result) {
    loaded unstored{std::move(result)};
    unstored.store = false;
    return unstored;
  }

  std::optional<T> value;       ///< nullopt: the origin says that there is no such thing
  std::optional<duration> ttl;  ///< nullopt: the cache's own; positive
  bool store = true;            ///< false: the value goes to the waiting callers only
};

namespace detail {
/// One address per type: a type's name without run-time type information.
template <class T>
inline constexpr char type_tag = 0;
struct load_access;
}  // namespace detail

/// One run of the loader, as the loader sees it when it takes a second argument.
///
/// Throws:   no member throws.
/// Blocks:   never.
/// Threads:  one thread at a time, but `stop_token()` and `is_lease_lost()` from any.
/// Lifetime: valid until the loader returns.
class load {
 public:
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  /// The value that this load replaces, if one was at hand: for conditional requests to the origin.
  /// nullptr when there is none or `T` is not the cache's type. Owned by the load.
  template <class T>
  [[nodiscard]] const T* previous() const noexcept {
    return previous_type_ == &detail::type_tag<T> ? static_cast<const T*>(previous_.get())
                                                  : nullptr;
  }

  /// Fires when no caller can use the result any more: `load_max` has passed since the grant, the
  /// cache drains, or a load without waiting callers lost its lease. Otherwise a lost lease does
  /// not fire it: callers that asked before still get the value. Callbacks may block and may call
  /// the cache.
  [[nodiscard]] std::stop_token stop_token() const noexcept { return stop_; }

  /// The moment `policy::load_max` after the load was granted. It may have begun some time later.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept {
    return deadline_;
  }

  /// True once another holder has taken over, or the key was invalidated: the result goes to the
  /// callers that may still have it and is not stored.
  [[nodiscard]] bool is_lease_lost() const noexcept;

  /// Sets the ttl of the value that this load returns. A ttl in the returned `loaded` overrides it.
  /// Precondition: `own_ttl` is positive.
  void ttl(duration own_ttl) noexcept { own_ttl_ = own_ttl; }
  /// The ttl that was set; nullopt when none was.
  [[nodiscard]] std::optional<duration> ttl() const noexcept { return own_ttl_; }

 private:
  friend struct detail::load_access;
  load() = default;

  std::shared_ptr<const void> previous_;
  const void* previous_type_ = nullptr;
  std::stop_token stop_;
  std::chrono::steady_clock::time_point deadline_{};
  std::optional<duration> own_ttl_;
  std::shared_ptr<const void> lease_;
};

}  // namespace drover
