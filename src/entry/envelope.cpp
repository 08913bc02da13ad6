// SPDX-License-Identifier: MIT
#include "entry/envelope.hpp"

#include <algorithm>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/bytes.hpp"

namespace drover::entry {
namespace {

constexpr unsigned char magic = 0xFE;
constexpr unsigned char format = 1;

namespace at {
constexpr std::size_t magic = 0;
constexpr std::size_t format_and_kind = 1;
constexpr std::size_t flags = 2;
constexpr std::size_t failure = 3;
constexpr std::size_t load_or_attempts = 4;
constexpr std::size_t stored_at = 8;
constexpr std::size_t until = 16;
constexpr std::size_t token = 24;
constexpr std::size_t grace_or_client_id = 40;
constexpr std::size_t digest = 48;
constexpr std::size_t checksum = 56;
constexpr std::size_t reserved = 60;
}  // namespace at
static_assert(at::reserved + 4 == envelope_size);
static_assert(at::grace_or_client_id == at::token + token::size);

unsigned char byte_at(std::string_view bytes, std::size_t offset) noexcept {
  return static_cast<unsigned char>(bytes[offset]);
}

// Times in the format are unsigned. Times beyond the range of `server_time` are clamped, which is
// as good as for ever.
std::int64_t milliseconds_at(std::string_view bytes, std::size_t offset) noexcept {
  constexpr std::uint64_t last = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(
      std::min(base::load_big_endian<std::uint64_t>(bytes, offset), last));
}

void store_milliseconds(std::string& bytes, std::size_t offset, milliseconds value) noexcept {
  const auto count = std::max<std::int64_t>(value.count(), 0);
  base::store_big_endian(bytes, offset, static_cast<std::uint64_t>(count));
}

// A class that a later version adds is still a failure.
failure_class failure_of(unsigned char byte) noexcept {
  const auto known = static_cast<failure_class>(byte);
  switch (known) {
    case failure_class::threw:
    case failure_class::timed_out:
    case failure_class::cancelled: return known;
  }
  return failure_class::threw;
}

}  // namespace

decoded decode(std::string_view bytes) noexcept {
  decoded read;
  if (bytes.size() < envelope_size || byte_at(bytes, at::magic) != magic) return read;

  const unsigned char format_and_kind = byte_at(bytes, at::format_and_kind);
  const unsigned char kind_number = format_and_kind & 0x0FU;
  if (format_and_kind >> 4U != format ||
      kind_number > static_cast<unsigned char>(kind::uncacheable)) {
    read.format = decoding::newer;
    return read;
  }

  // No lease has the zero token, and no request could name the entry as the one to replace.
  const token produced_by = token::from(bytes.substr(at::token, token::size));
  if (produced_by.is_none()) return read;

  read.format = decoding::ours;
  read.payload = bytes.substr(envelope_size);
  envelope& head = read.head;
  head.kind = static_cast<kind>(kind_number);
  head.flags = byte_at(bytes, at::flags);
  head.stored_at = server_time{milliseconds{milliseconds_at(bytes, at::stored_at)}};
  head.until = server_time{milliseconds{milliseconds_at(bytes, at::until)}};
  head.produced_by = produced_by;
  head.digest = base::load_big_endian<std::uint64_t>(bytes, at::digest);

  const auto load_or_attempts = base::load_big_endian<std::uint32_t>(bytes, at::load_or_attempts);
  switch (head.kind) {
    case kind::value:
    case kind::absent: head.load_us = load_or_attempts; break;
    case kind::pending:
    case kind::failed: head.attempts = load_or_attempts; break;
    case kind::uncacheable: break;
  }
  if (head.kind == kind::value) {
    head.grace = milliseconds{milliseconds_at(bytes, at::grace_or_client_id)};
  }
  if (head.kind == kind::pending) {
    head.holder_client_id = base::load_big_endian<std::uint64_t>(bytes, at::grace_or_client_id);
  } else if (head.kind != kind::uncacheable) {
    head.checksum = base::load_big_endian<std::uint32_t>(bytes, at::checksum);
  }
  if (head.kind == kind::failed) head.failure = failure_of(byte_at(bytes, at::failure));
  return read;
}

std::string encode(const envelope& head, std::string_view payload) {
  std::string bytes;
  bytes.reserve(envelope_size + payload.size());
  bytes.resize(envelope_size, '\0');

  const auto kind_number = static_cast<unsigned char>(head.kind);
  bytes[at::magic] = static_cast<char>(magic);
  bytes[at::format_and_kind] = static_cast<char>((format << 4U) | kind_number);
  bytes[at::flags] = static_cast<char>(head.flags);
  store_milliseconds(bytes, at::stored_at, head.stored_at.time_since_epoch());
  store_milliseconds(bytes, at::until, head.until.time_since_epoch());
  bytes.replace(at::token, token::size, head.produced_by.view());
  base::store_big_endian(bytes, at::digest, head.digest);

  const bool answers = head.kind == kind::value || head.kind == kind::absent;
  base::store_big_endian(bytes, at::load_or_attempts, answers ? head.load_us : head.attempts);
  if (head.kind == kind::value) store_milliseconds(bytes, at::grace_or_client_id, head.grace);
  if (head.kind == kind::pending) {
    base::store_big_endian(bytes, at::grace_or_client_id, head.holder_client_id);
  } else {
    base::store_big_endian(bytes, at::checksum, head.checksum);
  }
  if (head.kind == kind::failed) bytes[at::failure] = static_cast<char>(head.failure);

  bytes.append(payload);
  return bytes;
}

std::uint64_t digest_of(std::string_view name, std::uint32_t schema, std::string_view key) {
  // The lengths come first, so that two different triples cannot give the same bytes.
  constexpr std::size_t lengths = 4 + 4 + 8;
  std::string bytes;
  bytes.reserve(lengths + name.size() + key.size());
  bytes.resize(4);
  base::store_big_endian(bytes, 0, static_cast<std::uint32_t>(name.size()));
  bytes.append(name);
  bytes.resize(bytes.size() + 12);
  base::store_big_endian(bytes, bytes.size() - 12, schema);
  base::store_big_endian(bytes, bytes.size() - 8, static_cast<std::uint64_t>(key.size()));
  bytes.append(key);
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint32_t checksum_of(std::string_view payload, std::uint64_t digest) noexcept {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(payload.data(), payload.size(), digest) &
                                    0xFFFFFFFFU);
}

bool is_genuine(const decoded& read, std::uint64_t digest) noexcept {
  if (read.format != decoding::ours || read.head.digest != digest) return false;
  switch (read.head.kind) {
    case kind::value:
    case kind::failed: return read.head.checksum == checksum_of(read.payload, digest);
    case kind::absent:
    case kind::uncacheable: return read.payload.empty();
    case kind::pending: break;
  }
  return true;
}

}  // namespace drover::entry
