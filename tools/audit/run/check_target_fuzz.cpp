// SPDX-License-Identifier: MIT
// Reads arbitrary bytes as an answer of the application and as the target of a check.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/run/application_check.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drover::audit;
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  const std::string status = status_of_answer(bytes);
  for (const char byte : status) must(byte >= ' ' && byte < 0x7f);
  if (is_whole_answer(bytes, false)) must(is_whole_answer(bytes, true));
  if (const auto target = parse_check(bytes); target && target->is_url()) {
    must(target->path.starts_with('/') && target->server.port != 0);
    must((target->path + target->server.host).find_first_of("\r\n ") == std::string::npos);
  }
  return 0;
}
