// SPDX-License-Identifier: MIT
#include "fetch/judgement.hpp"

namespace drover::fetch {

namespace {

finding finding_of(const entry::envelope& head, server_time now,
                   const entry::trust& trusted) noexcept {
  switch (entry::freshness_of(head, now, trusted)) {
    case entry::freshness::fresh:
      switch (head.kind) {
        case entry::kind::value:
        case entry::kind::absent: return finding::fresh;
        case entry::kind::pending: return finding::pending;
        case entry::kind::failed: return finding::failed;
        case entry::kind::uncacheable: return finding::uncacheable;
      }
      return finding::missing;
    case entry::freshness::stale: return finding::stale;
    case entry::freshness::expired: return finding::missing;
  }
  return finding::missing;
}

}  // namespace

judgement judge(std::optional<std::string_view> bytes, std::uint64_t digest,
                std::optional<server_time> now, const entry::trust& trusted,
                milliseconds failure_pause_max) noexcept {
  if (!bytes) return {};
  judgement judged;
  judged.read = entry::decode(*bytes);
  entry::envelope& head = judged.read.head;
  switch (judged.read.format) {
    case entry::decoding::newer: judged.state = finding::newer; return judged;
    case entry::decoding::foreign: judged.is_foreign = true; return judged;
    case entry::decoding::ours: break;
  }
  if (!entry::is_genuine(judged.read, digest)) {
    judged.state = finding::damaged;
    return judged;
  }
  if (!now) return judged;
  judged.judged_at = *now;
  if (head.kind == entry::kind::failed) {
    head.until = entry::pause_end_of(head, failure_pause_max);
    if (head.stored_at > *now) return judged;
  }
  judged.state = finding_of(head, *now, trusted);
  return judged;
}

}  // namespace drover::fetch
