// SPDX-License-Identifier: MIT
// The engine behind cache<T>: it sees values as erased pointers. Not for users.
#pragma once

#include <drover/fetched.hpp>
#include <drover/loader.hpp>
#include <drover/policy.hpp>
#include <drover/result.hpp>
#include <drover/stats.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace drover {

/// A cache's identity and behaviour.
struct cache_options {
  /// The namespace: [A-Za-z0-9_.-]{1,64}. Every key in Redis begins with it, so an ACL of `~name:*`
  /// suffices. Two caches with one name and schema on one client are refused.
  std::string name{};
  /// The version of the stored format: raise it when the codec's bytes change. Old keys stay with
  /// old processes and end by their ttl.
  std::uint32_t schema = 1;
  drover::policy policy{};
  /// Older schemas whose keys `invalidate` and `expire` cover too. Without it, in a rolling deploy,
  /// the old half serves what the new half has invalidated.
  std::vector<std::uint32_t> also_invalidates{};
};

/// The limits of one call. They end the waiting of this call only: its load goes on for the other
/// callers.
///
/// A caller cannot leave a loader that runs on its own thread, so the load of such a call runs on
/// another thread (`client_options::deadline_threads_max`) or in `client_options::executor`. When
/// neither takes it, the call is refused{saturated}: at its deadline, or at once if it has only a
/// stop token. A call from within a loader runs a nested load itself when no thread is free, and
/// always when there is an executor; its deadline may then pass.
struct call_options {
  /// A deadline a hundred years away or more counts as none.
  std::optional<std::chrono::steady_clock::time_point> deadline{};
  std::stop_token stop{};

  /// A deadline `limit` from now. When `limit` is zero or less, it has already passed.
  [[nodiscard]] static call_options within(duration limit) {
    using clock = std::chrono::steady_clock;
    constexpr duration longest = std::chrono::hours{24 * 365 * 100};
    if (limit >= longest) return {.deadline = clock::time_point::max()};
    const clock::time_point now = clock::now();
    return {.deadline = limit <= duration::zero() ? now : now + limit};
  }
};

namespace detail {

class core;

using erased_value = std::shared_ptr<const void>;

/// What the loader brought, the type forgotten.
struct erased_load {
  erased_value value{};  ///< empty: absent
  std::optional<duration> ttl{};
  bool store = true;
};

using erased_loader = std::function<erased_load(std::string_view key, load& run)>;

/// What the engine may do with a value. The functions may throw; the engine catches.
struct value_type {
  std::string (*encode)(const void* value);
  /// Empty when the bytes are not understood.
  erased_value (*decode)(std::string_view bytes);
  const void* tag;
};

struct erased_fetched {
  erased_value value{};
  served how = served::fresh;
  duration age{};
};

/// Threads: any.
class engine {
 public:
  engine(std::shared_ptr<core> shared, cache_options options, value_type type,
         erased_loader loader);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  [[nodiscard]] erased_fetched fetch(std::string_view key, const call_options& limits);
  [[nodiscard]] erased_fetched fetch_with(std::string_view key, const erased_loader& borrowed,
                                          const call_options& limits);
  [[nodiscard]] erased_value peek(std::string_view key);
  void refresh(std::string_view key) noexcept;
  [[nodiscard]] result<void> invalidate(std::string_view key) noexcept;
  [[nodiscard]] result<void> expire(std::string_view key) noexcept;
  [[nodiscard]] cache_stats stats() const noexcept;
  std::size_t drain(duration limit) noexcept;

 private:
  class impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace detail
}  // namespace drover
