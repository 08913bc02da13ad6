// SPDX-License-Identifier: MIT
// Divides a long audit into windows, each with an engine and a result of its own, so that the
// memory of an audit without end is bounded. A window ends when the capture sends `capture_begun`
// again. Its result is computed on a thread of its own, so that the next window begins at once.
//
// A window knows the connections and scripts of the windows before it, but not their keys: a key is
// unknown until its first command. The times of a window begin at 0.
//
// Threads: one at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>

#include "audit/capture/record.hpp"
#include "audit/run/assessor.hpp"

namespace drover::audit {

class audit_windows final : public record_sink {
 public:
  /// `on_window` receives the results of all windows but the last, in order, each on a thread of
  /// its own. It must not throw. Empty: there is only one window.
  audit_windows(const audit_options& options, std::function<void(audit_result)> on_window);
  /// Waits for `on_window`.
  ~audit_windows() override;
  audit_windows(const audit_windows&) = delete;
  audit_windows& operator=(const audit_windows&) = delete;

  /// As in `assessor`. Only with one window.
  void observe(std::function<void(const record&, const rule_context&)> on_record);

  void take(record& item) override;
  /// The result of the last window. Call it once, after the last record.
  [[nodiscard]] audit_result finish();

 private:
  struct known_connection {
    connection_opened opened;
    std::optional<connection_named> named;
  };

  void remember(const record& item);
  void begin_window(const capture_begun& begun);

  const audit_options& options_;
  std::function<void(audit_result)> on_window_;
  std::unique_ptr<assessor> current_;
  std::optional<capture_begun> begun_;
  moment window_from_{};
  std::map<std::uint64_t, known_connection> connections_;
  std::unordered_map<std::string, script_seen> scripts_;
  std::thread reporter_;
};

}  // namespace drover::audit
