// SPDX-License-Identifier: MIT
#include "audit/run/audit_windows.hpp"

#include <signal.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "audit/capture/limits.hpp"

namespace drover::audit {
namespace {

/// More than the proxy has open.
constexpr std::size_t connections_max = 65'536;

/// Moves the times of a record into its window. What began in the window before begins at 0.
void move_times(record& item, moment window_from) {
  const auto shift = [window_from](moment& at) { at = std::max(at - window_from, moment{}); };
  std::visit(
      [&](auto& entry) {
        using type = std::decay_t<decltype(entry)>;
        if constexpr (std::is_same_v<type, event>) {
          shift(entry.sent);
          shift(entry.done);
        } else if constexpr (std::is_same_v<type, tool_acted> ||
                             std::is_same_v<type, outage_planned> ||
                             std::is_same_v<type, application_checked>) {
          shift(entry.from);
          shift(entry.to);
          if constexpr (requires { entry.recovery_until; }) shift(entry.recovery_until);
        } else if constexpr (std::is_same_v<type, fault_injected>) {
          shift(entry.at);
          shift(entry.to);
        } else if constexpr (requires { entry.at; }) {
          shift(entry.at);
        }
      },
      item);
}

}  // namespace

audit_windows::audit_windows(const audit_options& options,
                             std::function<void(audit_result)> on_window)
    : options_{options},
      on_window_{std::move(on_window)},
      current_{std::make_unique<assessor>(options)} {}

audit_windows::~audit_windows() {
  if (reporter_.joinable()) reporter_.join();
}

void audit_windows::observe(std::function<void(const record&, const rule_context&)> on_record) {
  current_->observe(std::move(on_record));
}

void audit_windows::take(record& item) {
  if (!on_window_) return current_->take(item);
  if (const auto* const begun = std::get_if<capture_begun>(&item)) {
    if (begun_) return begin_window(*begun);
    begun_ = *begun;
  }
  if (window_from_ > moment{}) move_times(item, window_from_);
  remember(item);
  current_->take(item);
}

void audit_windows::remember(const record& item) {
  if (const auto* const opened = std::get_if<connection_opened>(&item)) {
    if (connections_.size() >= connections_max) return;
    connections_[opened->connection].opened = *opened;
    connections_[opened->connection].opened.at = {};
  } else if (const auto* const named = std::get_if<connection_named>(&item)) {
    const auto entry = connections_.find(named->connection);
    if (entry != connections_.end()) entry->second.named = *named;
  } else if (const auto* const closed = std::get_if<connection_closed>(&item)) {
    connections_.erase(closed->connection);
  } else if (const auto* const script = std::get_if<script_seen>(&item)) {
    if (scripts_.size() < scripts_max) scripts_.emplace(script->script, *script);
  }
}

void audit_windows::begin_window(const capture_begun& begun) {
  window_from_ = std::chrono::milliseconds{begun.unix_ms - begun_->unix_ms};
  // If reports take longer than a window, the capture waits here, and then examines fewer keys.
  if (reporter_.joinable()) reporter_.join();
  reporter_ = std::thread{[this, ended = std::move(current_)] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    on_window_(ended->finish());
  }};
  current_ = std::make_unique<assessor>(options_);
  record first = begun;
  current_->take(first);
  for (const auto& [number, known] : connections_) {
    record opened = known.opened;
    current_->take(opened);
    if (!known.named) continue;
    record named = *known.named;
    current_->take(named);
  }
  for (const auto& [id, script] : scripts_) {
    record seen = script;
    current_->take(seen);
  }
}

audit_result audit_windows::finish() {
  if (reporter_.joinable()) reporter_.join();
  return current_->finish();
}

}  // namespace drover::audit
