// SPDX-License-Identifier: MIT
// The kinds of requests that the server refuses this client for lack of permissions, although the
// connection is up. A refusal is kept until a request of the same kind succeeds, or a new
// connection is up. It is only reported to people: the client still sends such requests.
//
// Threads: every member from any thread.
#pragma once

#include <drover/fault.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace drover::store {

/// `lease` covers every script except the fill.
enum class request_kind : std::uint8_t { read, lease, fill, refresh_mark };

class refusals {
 public:
  void refused(request_kind request, const fault& why) noexcept;
  /// One relaxed load while nothing is refused.
  void succeeded(request_kind request) noexcept {
    if ((now_.load(std::memory_order_relaxed) & cleared_by(request)) != 0)
      forget(cleared_by(request));
  }
  void connection_is_new() noexcept { forget(all); }

  [[nodiscard]] bool is_any() const noexcept { return now_.load(std::memory_order_relaxed) != 0; }
  /// The latest refusal of the server; empty while it refuses nothing. Throws std::bad_alloc.
  [[nodiscard]] std::optional<std::string> reason() const;

 private:
  static constexpr std::size_t kinds = 4;
  static constexpr unsigned all = (1U << kinds) - 1U;

  [[nodiscard]] static constexpr unsigned bit_of(request_kind request) noexcept {
    return 1U << static_cast<unsigned>(request);
  }
  /// A lease uses all commands of a refresh mark, so its success clears both bits.
  [[nodiscard]] static constexpr unsigned cleared_by(request_kind request) noexcept {
    return bit_of(request) |
           (request == request_kind::lease ? bit_of(request_kind::refresh_mark) : 0U);
  }
  void forget(unsigned bits) noexcept;

  std::atomic<unsigned> now_{0};  ///< one bit for each refused kind; changed under the mutex
  mutable std::mutex mutex_;
  std::array<std::string, kinds> texts_;
  request_kind last_ = request_kind::read;
};

}  // namespace drover::store
