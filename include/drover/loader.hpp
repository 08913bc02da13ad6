// SPDX-License-Identifier: MIT
#pragma once

#include <drover/policy.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace drover {

/// The result of a loader that says more than `T` or `std::optional<T>`: a value with its own ttl,
/// or a value that must not be stored.
template <class T>
struct loaded {
  loaded(T result) : value{std::move(result)} {}
  loaded(std::optional<T> result) : value{std::move(result)} {}
  /// `own_ttl` replaces `policy::ttl` for this entry, or `policy::absent_ttl` if `result` is
  /// nullopt.
  loaded(std::optional<T> result, duration own_ttl) : value{std::move(result)}, ttl{own_ttl} {}

  /// A value that goes to the callers waiting in this process and is not stored.
  [[nodiscard]] static loaded do_not_store(std::optional<T> result) {
    loaded unstored{std::move(result)};
    unstored.store = false;
    return unstored;
  }

  std::optional<T> value;       ///< nullopt: the origin has no such value
  std::optional<duration> ttl;  ///< positive; nullopt: the ttl of the policy
  bool store = true;            ///< false: the value goes to the waiting callers only
};

namespace detail {
/// One address per type: a type's name without run-time type information.
template <class T>
inline constexpr char type_tag = 0;
struct load_access;
}  // namespace detail

/// One run of the loader. A loader receives it as its second argument, if it takes one.
///
/// Throws:   no member throws.
/// Blocks:   never.
/// Threads:  one thread at a time; `stop_token()` and `is_lease_lost()` from any thread.
/// Lifetime: valid until the loader returns.
class load {
 public:
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  /// The value that this load replaces, for conditional requests to the origin. Returns nullptr
  /// when the process does not have that value, or `T` is not the cache's type. The load owns the
  /// value.
  template <class T>
  [[nodiscard]] const T* previous() const noexcept {
    return previous_type_ == &detail::type_tag<T> ? static_cast<const T*>(previous_.get())
                                                  : nullptr;
  }

  /// Fires when no caller can use the result any more: `load_max` has passed since the grant, the
  /// cache drains, or a load without waiting callers lost its lease. In other cases a lost lease
  /// does not fire it: callers that asked before the loss still get the value. Callbacks may block
  /// and may call the cache.
  [[nodiscard]] std::stop_token stop_token() const noexcept { return stop_; }

  /// The time limit of this load: `policy::load_max` after its grant. The load may have begun later
  /// than the grant.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept {
    return deadline_;
  }

  /// True once another holder has taken over, or the key was invalidated: the result goes only to
  /// the callers that may still have it, and is not stored.
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
