// SPDX-License-Identifier: MIT
// Compressed values, with Zstandard (Debian: libzstd-dev). The application links that library;
// Drover itself does not need it.
#pragma once

#include <drover/codec.hpp>

#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace drover {

/// How `zstd_codec` compresses.
struct zstd_options {
  int level = 3;  ///< 1 is the fastest, 19 the smallest; negative ones are faster still
  std::size_t threshold = 512;  ///< shorter values are stored as they are
  /// The longest value before compression. Longer ones are not stored, and bytes that claim to be
  /// longer are corrupt: damaged bytes cannot fill the memory.
  std::size_t decoded_max = std::size_t{64} << 20U;
};

namespace detail {

/// Marks the first byte.
inline constexpr char stored_plain = 0;
inline constexpr char stored_as_zstd = 1;

[[nodiscard]] inline std::string zstd_encoded(const std::string& plain, const zstd_options& with) {
  if (plain.size() > with.decoded_max) {
    throw std::length_error{"a value longer than zstd_options::decoded_max"};
  }
  if (plain.size() >= with.threshold) {
    std::string bytes(1 + ZSTD_compressBound(plain.size()), stored_as_zstd);
    const std::size_t size =
        ZSTD_compress(bytes.data() + 1, bytes.size() - 1, plain.data(), plain.size(), with.level);
    if (ZSTD_isError(size) == 0U && size < plain.size()) {
      bytes.resize(1 + size);
      bytes.shrink_to_fit();
      return bytes;
    }
  }
  return std::string(1, stored_plain) + plain;
}

/// Not for users.
struct zstd_context_deleter {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

/// Decompresses one frame whose header names its size.
[[nodiscard]] inline result<std::string> zstd_decoded(std::string_view bytes,
                                                      std::size_t decoded_max) {
  const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > decoded_max) {
    return fault{fault_code::corrupt, "no Zstandard frame, or one that is too long"};
  }
  // A context takes longer to make than a short value takes to decompress.
  thread_local const std::unique_ptr<ZSTD_DCtx, zstd_context_deleter> context{ZSTD_createDCtx()};
  if (context == nullptr) throw std::bad_alloc{};
  std::string plain(static_cast<std::size_t>(size), '\0');
  const std::size_t written =
      ZSTD_decompressDCtx(context.get(), plain.data(), plain.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(written) != 0U || written != plain.size()) {
    return fault{fault_code::corrupt, "a damaged Zstandard frame"};
  }
  return result<std::string>{std::move(plain)};
}

}  // namespace detail

/// The codec of a type whose bytes are compressed. `Inner` is the codec that makes the bytes:
///
///     template <>
///     struct drover::codec<page> : drover::zstd_codec<page, drover::json_codec<page>> {};
///
/// A value that does not get shorter is stored as it is. The first byte tells which. Each thread
/// that decodes keeps 160 KB for it.
///
/// Throws:  `encode` throws `std::length_error` beyond `decoded_max`, and what `Inner` throws.
/// Threads: as `codec`.
template <class T, class Inner, zstd_options Options = zstd_options{}>
struct zstd_codec {
  static constexpr std::uint32_t schema = detail::schema_of_hash(detail::add_to_hash(
      detail::hash_of_nothing + detail::schema_in<Inner>(), std::string_view{"zstd"}));

  static std::string encode(const T& value) {
    return detail::zstd_encoded(Inner::encode(value), Options);
  }

  static result<T> decode(std::string_view bytes) {
    if (bytes.empty()) return fault{fault_code::corrupt, "no bytes"};
    const std::string_view rest = bytes.substr(1);
    if (bytes[0] == detail::stored_plain) return Inner::decode(rest);
    if (bytes[0] != detail::stored_as_zstd) return fault{fault_code::corrupt, "an unknown mark"};
    const result<std::string> plain = detail::zstd_decoded(rest, Options.decoded_max);
    if (!plain) return plain.error();
    return Inner::decode(*plain);
  }
};

}  // namespace drover
