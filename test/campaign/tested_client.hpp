// SPDX-License-Identifier: MIT
// The client that a worker uses: Drover, or one that is broken on purpose.
//
// Threads: any.
#pragma once

#include <drover/call_options.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include "campaign/recorded_origin.hpp"
#include "history/record.hpp"

namespace drover::campaign {

struct read_result {
  history::outcome how = history::outcome::failed;
  std::string value{};  ///< when it was served
};

class tested_client {
 public:
  virtual ~tested_client() = default;

  [[nodiscard]] virtual read_result get(std::uint32_t key, const call_options& limits) = 0;
  /// True: it was acknowledged.
  [[nodiscard]] virtual bool invalidate(std::uint32_t key) = 0;
  /// True: it was acknowledged.
  [[nodiscard]] virtual bool expire(std::uint32_t) { return true; }
  virtual void refresh(std::uint32_t) {}
  /// The stored value, without a load. Empty: there is none.
  [[nodiscard]] virtual std::string peek(std::uint32_t) { return {}; }
};

[[nodiscard]] std::unique_ptr<tested_client> make_drover_client(const worker_plan& plan,
                                                                recorded_origin& origin);
[[nodiscard]] std::unique_ptr<tested_client> make_client(const worker_plan& plan,
                                                         recorded_origin& origin);

/// A get through the client, recorded. `flags` is for the record.
void recorded_get(tested_client& client, recorded_origin& origin, std::uint32_t key,
                  const call_options& limits = {}, std::uint32_t limit_ms = 0,
                  std::uint8_t flags = 0);
/// Records what was served. `begun` may be nullptr.
void end_read(recorded_origin& origin, history::record* begun, const read_result& got);

}  // namespace drover::campaign
