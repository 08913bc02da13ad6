// SPDX-License-Identifier: MIT
// Feeds arbitrary bytes as an HTTP request to the server of the metrics. The reply must not depend
// on the size of the slices, and must be a complete HTTP reply.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/metrics/request_head.hpp"

namespace {

std::string answer(std::string_view input, std::size_t slice_max) {
  drover::audit::request_head request;
  auto state = drover::audit::request_head::state::incomplete;
  for (; !input.empty(); input.remove_prefix(input.size() < slice_max ? input.size() : slice_max)) {
    state = request.add(input.substr(0, slice_max));
  }
  return reply_to(request, state, "metrics");
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const std::string whole = answer(input, size + 1);
  for (const std::size_t slice_max : {1U, 7U, 100U}) {
    require(answer(input, slice_max) == whole, "slices give the same reply");
  }
  require(whole.starts_with("HTTP/1.1 "), "each request has a reply");
  require(whole.find("\r\n\r\n") != std::string::npos, "the head of the reply is complete");
  return 0;
}
