// SPDX-License-Identifier: MIT
// Reads any replies as those of a sentinel: it must not crash, and what it accepts has a host and a
// port.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "connection/sentinel.hpp"
#include "resp/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drover;
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  std::vector<connection::primary_report> reports;
  std::vector<resp::message> replies;
  resp::reader reader;
  resp::message partial;
  while (!bytes.empty()) {
    const resp::reader::step step = reader.read(bytes, partial);
    bytes.remove_prefix(step.consumed);
    if (step.status != resp::reader::status::complete) break;
    const auto announced = connection::new_primary_in(partial, "main");
    if (announced && (announced->host.empty() || announced->port == 0)) std::abort();
    replies.push_back(std::exchange(partial, {}));
    if (replies.size() < 3) continue;
    if (const auto report = connection::read_primary_report(replies, "main")) {
      if (report->at.host.empty() || report->at.port == 0) std::abort();
      if (report->promoted && report->promoted->port == 0) std::abort();
      reports.push_back(*report);
    }
    replies.clear();
  }
  if (connection::ranked(reports).size() > 2 * reports.size()) std::abort();
  return 0;
}
