// SPDX-License-Identifier: MIT
// Feeds arbitrary bytes as a connection to an origin. The result must not depend on the size of the
// slices. The input consists of pieces, each with one byte in front: its highest bit selects client
// or server, the other bits are the length of the piece.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/capture/origin_requests.hpp"

namespace {

std::string answer(std::string_view input, std::size_t slice_max) {
  drover::audit::origin_requests requests;
  std::uint64_t count = 0;
  while (!input.empty()) {
    const auto head = static_cast<unsigned char>(input[0]);
    input.remove_prefix(1);
    std::string_view piece = input.substr(0, head & 0x7FU);
    input.remove_prefix(piece.size());
    if ((head & 0x80U) != 0) {
      requests.server_sent(piece);  // not sliced: a greeting must arrive in one piece
      continue;
    }
    while (!piece.empty()) {
      count += requests.client_sent(piece.substr(0, slice_max));
      piece.remove_prefix(piece.size() < slice_max ? piece.size() : slice_max);
    }
  }
  return std::string{requests.protocol()} + std::to_string(count) +
         std::string{requests.stop_reason()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const std::string whole = answer(input, size + 1);
  for (const std::size_t slice_max : {1U, 5U, 30U}) {
    if (answer(input, slice_max) == whole) continue;
    std::fprintf(stderr, "violated: slices of %zu give the same\n", slice_max);
    std::abort();
  }
  return 0;
}
