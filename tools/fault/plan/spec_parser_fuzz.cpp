// SPDX-License-Identifier: MIT
// Any bytes are a fault script or are refused with a line, a column and a reason on one printable
// line. An accepted fault is within its limits, and its text gives the same fault again.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fault/plan/decider.hpp"
#include "fault/plan/spec_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace drover::faults;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const script_error& broken, std::string_view text) {
  require(broken.line >= 1 && broken.line <= text.size() + 1);
  require(broken.error.column >= 1 && broken.error.column <= text.size() + 1);
  require(!broken.error.text.empty());
  for (const char byte : broken.error.text) require(byte >= 0x20 && byte < 0x7F);
}

void check(const fault_spec& spec) {
  require(spec.chance > 0 && spec.chance <= 1);
  require(spec.every >= 1 && spec.limit >= 1 && spec.slice_size >= 1);
  require(spec.ordinals.first >= 1 && spec.ordinals.first <= spec.ordinals.last);
  require(spec.delay.low <= spec.delay.high && spec.delay.mean <= spec.delay.high);
  require(spec.kind != fault_kind::error || spec.bytes.ends_with("\r\n"));
  require(spec.kind != fault_kind::down || spec.length.has_value());
  const parsed_line again = parse_line(spec.text);
  const auto* const same = std::get_if<std::optional<fault_spec>>(&again);
  require(same != nullptr && *same && (*same)->kind == spec.kind && (*same)->text == spec.text &&
          (*same)->bytes == spec.bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  auto parsed = parse_script(text);
  if (const auto* broken = std::get_if<script_error>(&parsed)) {
    check(*broken, text);
    return 0;
  }
  auto& specs = std::get<std::vector<fault_spec>>(parsed);
  for (const fault_spec& spec : specs) check(spec);
  decider decisions{std::move(specs), size};
  connection_counts counts;
  const std::string_view key = text.substr(0, 40);
  for (std::uint64_t request = 1; request < 4; ++request) {
    const auto decided = decisions.on_request(
        {1, request, "GET", "GET", {&key, 1}, microseconds{request * 1000}}, counts);
    for (const decided_delay& delay : decided.delays) require(delay.time.count() >= 0);
  }
  static_cast<void>(decisions.on_connection(1, microseconds{0}));
  return 0;
}
