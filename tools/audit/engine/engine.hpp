// SPDX-License-Identifier: MIT
// The engine: eats a capture's records in their order, keeps what is known of keys, locks and
// connections, tells rules the facts, and comes to a result. Pure: the same records give the same
// result.
//
// Threads: one at a time, but for `progress`, which any may read.
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

/// For a live display. Read at any time from any thread.
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
  /// Once, at the end: closes what is open and asks the rules.
  [[nodiscard]] audit_result finish();

  [[nodiscard]] const engine_progress& progress() const;
  /// What rules see.
  [[nodiscard]] const rule_context& context() const;

 private:
  class body;
  std::unique_ptr<body> body_;
};

}  // namespace drover::audit
