// SPDX-License-Identifier: MIT
// Any bytes under a key must be decoded without harm, and every encoded entry must be decoded
// unchanged. Seeds: test/corpus/envelope, real entries of every kind.
#include "entry/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/bytes.hpp"
#include "entry/early_expiration.hpp"
#include "entry/freshness.hpp"

namespace {

using namespace drover;
using namespace drover::entry;

void demand(bool condition) {
  if (!condition) std::abort();
}

void look_at_times(const envelope& head) {
  for (const std::int64_t ms :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{0}, std::int64_t{1'700'000'000'000},
        head.until.time_since_epoch().count(), std::numeric_limits<std::int64_t>::max()}) {
    const server_time now{milliseconds{ms}};
    const freshness state = freshness_of(head, now);
    demand(age_of(head, now) >= milliseconds::zero());
    demand(now < head.until || state != freshness::fresh);
    demand(head.kind == kind::value || state != freshness::stale);
    const early_inputs eager{.beta = 1e6, .unit = 0.01, .lead_max = milliseconds::max()};
    demand(!is_due_early(head, now, eager) || state == freshness::fresh);
  }
}

void read_as_it_is(std::string_view bytes) {
  const decoded read = decode(bytes);
  demand(is_genuine(read, read.head.digest) == false || read.format == decoding::ours);
  if (read.format != decoding::ours) {
    demand(read.payload.empty() && read.head == envelope{});
    return;
  }
  demand(read.payload.size() + envelope_size == bytes.size());
  demand(read.payload.empty() || read.payload.data() == bytes.data() + envelope_size);
  look_at_times(read.head);
  const std::string again = encode(read.head, read.payload);
  const decoded second = decode(again);
  demand(second.format == decoding::ours && second.head == read.head);
  demand(second.payload == read.payload);
}

/// Turns the bytes into a genuine entry, then changes one byte at a position that the bytes choose.
void mend_and_break(std::string bytes) {
  if (bytes.size() < envelope_size + 3) return;
  const std::string choice = bytes.substr(bytes.size() - 3);
  bytes.resize(bytes.size() - 3);
  bytes[0] = '\xfe';
  bytes[1] = static_cast<char>(0x10 | (static_cast<unsigned char>(bytes[1]) % 5));
  bytes[24] = static_cast<char>(bytes[24] | 1);
  decoded read = decode(bytes);
  demand(read.format == decoding::ours);
  const std::uint64_t digest = read.head.digest;
  const kind stored = read.head.kind;
  const bool has_none = stored == kind::absent || stored == kind::uncacheable;
  const std::string payload{has_none ? std::string_view{} : read.payload};
  if (stored != kind::pending && stored != kind::uncacheable) {
    read.head.checksum = checksum_of(payload, digest);
  }
  std::string whole = encode(read.head, payload);
  demand(is_genuine(decode(whole), digest));
  demand(!is_genuine(decode(whole), digest + 1));

  const auto place = base::load_big_endian<std::uint16_t>(choice, 0) % whole.size();
  if (choice[2] == '\0') return;
  whole[place] = static_cast<char>(whole[place] ^ choice[2]);
  const decoded broken = decode(whole);
  const bool covered = place == 0 || (place >= 48 && place < 56);
  demand(!covered || !is_genuine(broken, digest));
  if (broken.format == decoding::ours) look_at_times(broken.head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  read_as_it_is(bytes);
  mend_and_break(bytes);
  return 0;
}
