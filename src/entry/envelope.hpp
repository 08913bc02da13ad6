// SPDX-License-Identifier: MIT
// The stored format: 64 bytes, big-endian, in front of the payload. docs/internals/envelope.md
// describes the format; change this file and that page together.
//
// Invariants: (1) encode and decode are inverse for every envelope with a valid kind, no negative
//                 times, and zero or the default in the fields that its kind does not use;
//             (2) decode reads no byte past the string and never throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "entry/token.hpp"

namespace drover::entry {

inline constexpr std::size_t envelope_size = 64;

enum class kind : std::uint8_t {
  value = 0,
  pending = 1,
  absent = 2,
  failed = 3,
  uncacheable = 4,  ///< a marker: the value of the key must not be stored
};

/// The reason of a failed load, for other processes.
enum class failure_class : std::uint8_t { threw = 1, timed_out = 2, cancelled = 3 };

/// The fields of the envelope. `kind` decides which of them have a meaning.
struct envelope {
  static constexpr std::uint8_t flag_untracked_waiter = 1;
  static constexpr std::uint8_t flag_expired_by_hand = 2;

  entry::kind kind = entry::kind::value;
  std::uint8_t flags = 0;
  failure_class failure = failure_class::threw;  ///< failed only
  std::uint32_t load_us = 0;           ///< value, absent: the duration of the load, saturating
  std::uint32_t attempts = 0;          ///< pending, failed: failed loads in a row
  server_time stored_at{};             ///< the time of the store, the grant or the failure
  server_time until{};                 ///< the end of freshness, of the lease or of the pause
  token produced_by{};                 ///< the token of the load that stored it, or of the holder
  milliseconds grace{};                ///< value only
  std::uint64_t holder_client_id = 0;  ///< pending only; 0: unknown
  std::uint64_t digest = 0;            ///< the digest of name, schema and key
  std::uint32_t checksum = 0;  ///< the checksum of the payload; checked for value and failed

  friend bool operator==(const envelope&, const envelope&) = default;
};

enum class decoding : std::uint8_t {
  ours,  ///< an envelope of this format
  /// No magic, no token, or shorter than 64 bytes: counts as missing, and a lease overwrites it.
  foreign,
  newer,  ///< the magic with an unknown format or kind: never overwritten
};

struct decoded {
  decoding format = decoding::foreign;
  envelope head{};           ///< only when `ours`
  std::string_view payload;  ///< only when `ours`; points into the decoded bytes
};

[[nodiscard]] decoded decode(std::string_view bytes) noexcept;
[[nodiscard]] std::string encode(const envelope& head, std::string_view payload);

/// XXH3-64 of (u32 length of name, name, u32 schema, u64 length of key, key), big-endian lengths.
[[nodiscard]] std::uint64_t digest_of(std::string_view name, std::uint32_t schema,
                                      std::string_view key);
/// The low half of XXH3-64 of the payload, seeded with the digest.
[[nodiscard]] std::uint32_t checksum_of(std::string_view payload, std::uint64_t digest) noexcept;

/// True when the envelope has this digest and, for value and failed, the payload matches the
/// checksum. Absent and uncacheable entries must have no payload.
[[nodiscard]] bool is_genuine(const decoded& read, std::uint64_t digest) noexcept;

}  // namespace drover::entry
