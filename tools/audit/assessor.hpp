// SPDX-License-Identifier: MIT
// The engine with all rules, as asked for: what records go to, live or replayed.
//
// Threads: one at a time.
#pragma once

#include "audit/audit_options.hpp"
#include "audit_engine/engine.hpp"
#include "audit_events/capture.hpp"

namespace drover::audit {

[[nodiscard]] settings settings_for(const audit_options& asked);

class assessor final : public record_sink {
 public:
  explicit assessor(const audit_options& asked);

  void take(record& one) override;
  /// Once. With names, advice and libraries filled in.
  [[nodiscard]] audit_result finish();

 private:
  engine engine_;
};

}  // namespace drover::audit
