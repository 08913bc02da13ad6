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
  const baseline_read made = parse_baseline(text);
  if (made.error.find_first_of("\n\x1b") != std::string::npos) std::abort();
  audit_result of;
  of.findings.resize(2);
  of.findings[0].rule = "C101";
  of.findings[0].pattern = "user:*";
  of.findings[1].rule = "C303";
  of.findings[1].pattern = "\xff[a-z]?*";
  apply_baseline(of, made.read, std::chrono::sys_days{std::chrono::days{20'000}});
  if (of.remarks.size() > made.read.accepted.size()) std::abort();
  for (const accepted_finding& each : made.read.accepted) {
    if (each.reason.empty() || each.pattern.empty() || !each.expires.ok()) std::abort();
  }
  return 0;
}
