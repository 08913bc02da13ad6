// SPDX-License-Identifier: MIT
// The engine with all rules and the settings of the command line. It receives the records of live
// traffic or of a recording.
//
// Threads: one at a time.
#pragma once

#include <functional>
#include <utility>

#include "audit/capture/capture.hpp"
#include "audit/engine/engine.hpp"
#include "audit/run/audit_options.hpp"

namespace drover::audit {

[[nodiscard]] settings settings_for(const audit_options& options);

class assessor final : public record_sink {
 public:
  explicit assessor(const audit_options& options);

  /// Calls `on_record` after each record, on the thread that calls `take`. Call this before the
  /// first record.
  void observe(std::function<void(const record&, const rule_context&)> on_record) {
    on_record_ = std::move(on_record);
  }

  void take(record& item) override;
  /// The result with names, advice and libraries. Call it once, after the last record.
  [[nodiscard]] audit_result finish();

 private:
  engine engine_;
  std::function<void(const record&, const rule_context&)> on_record_;
};

}  // namespace drover::audit
