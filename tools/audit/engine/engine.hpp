// SPDX-License-Identifier: MIT
// The engine: reads the records of a capture in order, keeps the state of keys, locks and
// connections, reports facts to the rules, and produces the result. Pure: the same records give the
// same result.
//
// Threads: one at a time, except `progress`, which any thread may read.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "audit/capture/record.hpp"
#include "audit/engine/audit_result.hpp"
#include "audit/engine/rule.hpp"
#include "audit/engine/settings.hpp"

namespace drover::audit {

/// Counters for a live display. Any thread may read them at any time.
struct engine_progress {
  std::atomic<std::uint64_t> commands{0};
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> keys{0};  ///< all keys of the run, set at its end
  std::atomic<std::uint64_t> cold_events{0};
  std::atomic<std::uint64_t> contended_cold_events{0};  ///< two or more clients wanted the key
  std::atomic<std::uint64_t> loads{0};
  std::atomic<std::uint64_t> lock_holds{0};
};

class engine {
 public:
  engine(settings options, std::vector<std::unique_ptr<rule>> rules);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  void feed(const record& item);
  void feed(const event& command);
  /// Call it once, at the end. Closes all open facts and collects the findings of the rules.
  [[nodiscard]] audit_result finish();

  [[nodiscard]] const engine_progress& progress() const;
  /// The context that rules get.
  [[nodiscard]] const rule_context& context() const;

 private:
  class body;
  std::unique_ptr<body> body_;
};

}  // namespace drover::audit
