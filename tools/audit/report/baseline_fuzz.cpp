// SPDX-License-Identifier: MIT
// Parses arbitrary bytes. They must be a valid baseline or be refused with an error of one line. A
// valid baseline can be applied.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/report/baseline.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drover::audit;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const parsed_baseline parsed = parse_baseline(text);
  if (parsed.error.find_first_of("\n\x1b") != std::string::npos) std::abort();
  audit_result result;
  result.findings.resize(2);
  result.findings[0].rule = "C101";
  result.findings[0].pattern = "user:*";
  result.findings[1].rule = "C303";
  result.findings[1].pattern = "\xff[a-z]?*";
  apply_baseline(result, parsed.value, std::chrono::sys_days{std::chrono::days{20'000}});
  if (result.remarks.size() > parsed.value.accepted.size()) std::abort();
  for (const accepted_finding& entry : parsed.value.accepted) {
    if (entry.reason.empty() || entry.pattern.empty() || !entry.expires.ok()) std::abort();
  }
  return 0;
}
