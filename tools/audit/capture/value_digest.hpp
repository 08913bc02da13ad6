// SPDX-License-Identifier: MIT
// The digest of a value: its length, its shape, whether it is one of the known wrong texts, and a
// keyed hash. The hash is the SipHash-2-4 of
// the XXH3-128 of the value, under a random 128-bit key. It is as fast as XXH3, and a value cannot
// be guessed from it without the key: the XXH3 hash never leaves the function.
//
// Pure. Threads: functions any; a `digest_stream` one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "audit/capture/known_texts.hpp"

namespace drover::audit {

using hash_key = std::array<std::uint64_t, 2>;

/// The first bytes of a value, which determine its shape.
inline constexpr std::size_t shape_bytes_max = 64;

/// `head`: the first `shape_bytes_max` bytes of the value, or the whole value if it is shorter.
[[nodiscard]] shape shape_of(std::string_view head, std::uint64_t length) noexcept;

[[nodiscard]] digest digest_of(const hash_key& key, std::string_view value) noexcept;

/// Computes the digest of a value that arrives in pieces. Does not keep the pieces.
class digest_stream {
 public:
  explicit digest_stream(const hash_key& key);
  ~digest_stream();
  digest_stream(digest_stream&&) noexcept;

  void add(std::string_view piece);
  /// Returns the digest of all pieces and starts a new value.
  [[nodiscard]] digest take();

 private:
  struct state;
  hash_key key_;
  std::unique_ptr<state> state_;  // created for the first piece
  std::uint64_t length_ = 0;
  std::array<char, known_bytes_max> head_{};
};

}  // namespace drover::audit
