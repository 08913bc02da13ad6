// SPDX-License-Identifier: MIT
#include "audit/capture/value_digest.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace drover::audit {
namespace {

constexpr void sip_round(std::array<std::uint64_t, 4>& v) noexcept {
  v[0] += v[1];
  v[1] = std::rotl(v[1], 13) ^ v[0];
  v[0] = std::rotl(v[0], 32);
  v[2] += v[3];
  v[3] = std::rotl(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = std::rotl(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = std::rotl(v[1], 17) ^ v[2];
  v[2] = std::rotl(v[2], 32);
}

/// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012) of 16 bytes.
constexpr std::uint64_t sip_hash(const hash_key& key, std::uint64_t low,
                                 std::uint64_t high) noexcept {
  std::array<std::uint64_t, 4> v{key[0] ^ 0x736F6D6570736575U, key[1] ^ 0x646F72616E646F6DU,
                                 key[0] ^ 0x6C7967656E657261U, key[1] ^ 0x7465646279746573U};
  for (const std::uint64_t word : {low, high, std::uint64_t{16} << 56U}) {
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
  }
  v[2] ^= 0xFFU;
  for (int i = 0; i < 4; ++i) sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

// The hash of the 16 bytes 00..0f under the key 00..0f, as computed by the SIPHASH of OpenSSL 3.
static_assert(sip_hash({0x0706050403020100U, 0x0F0E0D0C0B0A0908U}, 0x0706050403020100U,
                       0x0F0E0D0C0B0A0908U) == 0x3F2ACC7F57C29BDBU);

/// The keyed hash. It is never 0, which stands for the empty value.
std::uint64_t keyed(const hash_key& key, const XXH128_hash_t& inner) noexcept {
  const std::uint64_t hash = sip_hash(key, inner.low64, inner.high64);
  return hash == 0 ? 1 : hash;
}

bool is_decimal(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_integer(std::string_view text) noexcept {
  constexpr std::size_t digits_max = 20;
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() <= digits_max &&
         std::all_of(text.begin(), text.end(), is_decimal);
}

bool is_json(std::string_view head) noexcept {
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  head.remove_prefix(first);
  if (head[0] != '{' && head[0] != '[' && head[0] != '"') return false;
  const std::size_t second = head.find_first_not_of(" \t\r\n", 1);
  if (second == std::string_view::npos) return head[0] != '"';
  if (head[0] == '{') return head[second] == '"' || head[second] == '}';
  if (head[0] == '[') {
    constexpr std::string_view begins_element = "\"{[]-0123456789tfn";
    return begins_element.find(head[second]) != std::string_view::npos;
  }
  return true;
}

/// Whether the head looks like the output of PHP's serialize(): a:1:{ O:8:" s:5:" i:5; d:0.5; b:1;
/// N;
bool is_php(std::string_view head) noexcept {
  if (head == "N;") return true;
  if (head.size() < 4 || head[1] != ':') return false;
  const std::size_t end = head.find_first_of(":;", 2);
  if (end == std::string_view::npos || end == 2) return false;
  const std::string_view number = head.substr(2, end - 2);
  const bool digits = std::all_of(number.begin(), number.end(), is_decimal);
  const char after = end + 1 < head.size() ? head[end + 1] : '\0';
  switch (head[0]) {
    case 'a': return digits && head[end] == ':' && after == '{';
    case 'O':
    case 'C':
    case 's': return digits && head[end] == ':' && after == '"';
    case 'i': return is_integer(number) && head[end] == ';';
    case 'b': return (number == "0" || number == "1") && head[end] == ';';
    case 'd':
      return head[end] == ';' && number.find_first_not_of("0123456789.eE+-INFNA") == number.npos;
    default: return false;
  }
}

/// Whether the head looks like pickle protocol 2 to 5. Older protocols are text and rarely used.
bool is_pickle(std::string_view head) noexcept {
  return head.size() >= 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5;
}

bool is_continuation(unsigned char byte) noexcept { return (byte & 0xC0U) == 0x80U; }

/// Whether all of eight bytes are from ' ' to '~'. This is the common case in a text.
bool is_plain(const char* eight) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, eight, sizeof bytes);
  // With no high bit set, taking 0x20 away borrows only below a space, and adding 1 carries only
  // out of 0x7F.
  return ((bytes | (bytes - 0x20U * ones) | (bytes + ones)) & (0x80U * ones)) == 0;
}

/// Whether the head is UTF-8 without control characters. The last character may be incomplete.
bool is_text(std::string_view head) noexcept {
  for (std::size_t i = 0; i < head.size();) {
    if (head.size() - i >= 8 && is_plain(head.data() + i)) {
      i += 8;
      continue;
    }
    const auto byte = static_cast<unsigned char>(head[i]);
    if (byte < 0x80U) {
      if ((byte < 0x20U && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7FU) {
        return false;
      }
      ++i;
      continue;
    }
    const std::size_t size = byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : 2;
    if (byte < 0xC2U || byte > 0xF4U) return false;
    const std::size_t end = std::min(i + size, head.size());
    while (++i < end) {
      if (!is_continuation(static_cast<unsigned char>(head[i]))) return false;
    }
  }
  return true;
}

}  // namespace

shape shape_of(std::string_view head, std::uint64_t length) noexcept {
  if (length == 0) return shape::empty;
  if (length == head.size() && is_integer(head)) return shape::integer;
  if (is_json(head)) return shape::json;
  if (is_pickle(head)) return shape::pickle;
  if (is_php(head)) return shape::php;
  return is_text(head) ? shape::text : shape::binary;
}

digest digest_of(const hash_key& key, std::string_view value) noexcept {
  if (value.empty()) return {};
  return {keyed(key, XXH3_128bits(value.data(), value.size())), value.size(),
          shape_of(value.substr(0, shape_bytes_max), value.size()),
          known_text_of(value.substr(0, known_bytes_max), value.size())};
}

struct digest_stream::state {
  XXH3_state_t xxh3;
};

digest_stream::digest_stream(const hash_key& key) : key_{key} {}
digest_stream::~digest_stream() = default;
digest_stream::digest_stream(digest_stream&&) noexcept = default;

void digest_stream::add(std::string_view piece) {
  if (piece.empty()) return;
  if (!state_) state_ = std::make_unique<state>();
  if (length_ == 0) XXH3_128bits_reset(&state_->xxh3);
  XXH3_128bits_update(&state_->xxh3, piece.data(), piece.size());
  if (length_ < head_.size()) {
    const auto at = static_cast<std::size_t>(length_);
    std::memcpy(head_.data() + at, piece.data(), std::min(piece.size(), head_.size() - at));
  }
  length_ += piece.size();
}

digest digest_stream::take() {
  if (length_ == 0) return {};
  const auto head = static_cast<std::size_t>(std::min<std::uint64_t>(length_, head_.size()));
  const digest out{keyed(key_, XXH3_128bits_digest(&state_->xxh3)), length_,
                   shape_of({head_.data(), std::min(head, shape_bytes_max)}, length_),
                   known_text_of({head_.data(), head}, length_)};
  length_ = 0;
  return out;
}

}  // namespace drover::audit
