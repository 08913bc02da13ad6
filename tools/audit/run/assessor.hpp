// SPDX-License-Identifier: MIT
// The engine with all rules, as asked for: what records go to, live or replayed.
//
// Threads: one at a time.
#pragma once

#include <functional>
#include <utility>

#include "audit/capture/capture.hpp"
#include "audit/engine/engine.hpp"
#include "audit/run/audit_options.hpp"

namespace drover::audit {

[[nodiscard]] settings settings_for(const audit_options& asked);

class assessor final : public record_sink {
 public:
  explicit assessor(const audit_options& asked);

  /// What looks on from now on, after each record that was judged; on the thread that calls `take`.
  /// Before the first record.
  void let_look_on(std::function<void(const record&, const rule_context&)> look) {
    look_ = std::move(look);
  }

  void take(record& one) override;
  /// Once. With names, advice and libraries filled in.
  [[nodiscard]] audit_result finish();

 private:
  engine engine_;
  std::function<void(const record&, const rule_context&)> look_;
};

}  // namespace drover::audit
