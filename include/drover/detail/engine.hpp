// SPDX-License-Identifier: MIT
// The engine of cache<T>, which handles values as erased pointers. Not for users.
#pragma once

#include <drover/cache_options.hpp>
#include <drover/call_options.hpp>
#include <drover/fetched.hpp>
#include <drover/loader.hpp>
#include <drover/result.hpp>
#include <drover/stats.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace drover {

namespace detail {

class core;

using erased_value = std::shared_ptr<const void>;

/// The result of the loader, without its type.
struct erased_load {
  erased_value value{};  ///< empty: absent
  std::optional<duration> ttl{};
  bool store = true;
};

using erased_loader = std::function<erased_load(std::string_view key, load& run)>;

/// The operations on values of one type. The functions may throw; the engine catches their
/// exceptions.
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
