// SPDX-License-Identifier: MIT
// What is kept of a value: its length, what it looks like, and a hash that compares and tells
// nothing. The hash is SipHash-2-4, under a random 128-bit key, of the value's XXH3-128: as fast as
// the one, and as little to be guessed as the other, since nobody sees what is in between.
//
// Pure. Threads: read-only functions any; a `digest_stream` one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "audit/capture/event.hpp"

namespace drover::audit {

using hash_key = std::array<std::uint64_t, 2>;

/// How many bytes of a value decide what it looks like.
inline constexpr std::size_t shape_bytes_max = 64;

/// `head`: its first `shape_bytes_max` bytes, or all of them if it has fewer.
[[nodiscard]] shape shape_of(std::string_view head, std::uint64_t length) noexcept;

[[nodiscard]] digest digest_of(const hash_key& key, std::string_view value) noexcept;

/// The same for a value that comes in pieces, none of which is kept.
class digest_stream {
 public:
  explicit digest_stream(const hash_key& key);
  ~digest_stream();
  digest_stream(digest_stream&&) noexcept;

  void add(std::string_view piece);
  /// Of all that was added; and it begins anew.
  [[nodiscard]] digest take();

 private:
  struct state;
  hash_key key_;
  std::unique_ptr<state> state_;  // made for the first piece
  std::uint64_t length_ = 0;
  std::array<char, shape_bytes_max> head_{};
};

}  // namespace drover::audit
