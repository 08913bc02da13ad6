// SPDX-License-Identifier: MIT
// Looks for known texts in arbitrary bytes. The answer must not depend on the pieces in which a
// value arrives, nor on quotes around a short text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/capture/known_texts.hpp"
#include "audit/capture/value_digest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drover::audit;
  constexpr hash_key key{1, 2};
  const std::string_view value{reinterpret_cast<const char*>(data), size};
  const digest whole = digest_of(key, value);
  digest_stream pieces{key};
  for (std::size_t at = 0; at < size; at += 3) pieces.add(value.substr(at, 3));
  if (!(pieces.take() == whole)) std::abort();
  const bool is_quoted = size >= 2 && value.front() == '"' && value.back() == '"';
  if (whole.known == known_text::no || is_quoted || size + 2 > known_bytes_max) return 0;
  const std::string quoted = '"' + std::string{value} + '"';
  if (digest_of(key, quoted).known != whole.known) std::abort();
  return 0;
}
