// SPDX-License-Identifier: MIT
// Analyses arbitrary bytes as a script: the analysis must end, and its facts must be
// within their limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "audit/capture/lua_text.hpp"
#include "audit/capture/script_facts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  const drover::audit::script_seen facts = drover::audit::facts_of_body("sha", body);
  if (facts.calls.size() > drover::audit::lua_tokens_max) std::abort();
  for (const auto& function : drover::audit::facts_of_library(body).functions) {
    if (function.script.empty()) std::abort();
  }
  return 0;
}
