// SPDX-License-Identifier: MIT
#include "fetch/judgement.hpp"

#include "entry/freshness.hpp"

namespace drover::fetch {

namespace {

finding finding_of(const entry::envelope& head, server_time now) noexcept {
  switch (entry::freshness_of(head, now)) {
    case entry::freshness::fresh:
      switch (head.what) {
        case entry::kind::value:
        case entry::kind::absent: return finding::fresh;
        case entry::kind::pending: return finding::pending;
        case entry::kind::failed: return finding::failed;
      }
      return finding::missing;
    case entry::freshness::stale: return finding::stale;
    case entry::freshness::expired: return finding::missing;
  }
  return finding::missing;
}

}  // namespace

judgement judge(std::optional<std::string_view> bytes, std::uint64_t digest,
                server_time now) noexcept {
  if (!bytes) return {};
  judgement found;
  found.read = entry::decode(*bytes);
  switch (found.read.how) {
    case entry::decoding::newer: found.what = finding::newer; return found;
    case entry::decoding::foreign: found.is_foreign = true; return found;
    case entry::decoding::ours: break;
  }
  found.what =
      entry::is_genuine(found.read, digest) ? finding_of(found.read.head, now) : finding::damaged;
  return found;
}

}  // namespace drover::fetch
