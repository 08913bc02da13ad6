// SPDX-License-Identifier: MIT
// The values of labels in the text format of Prometheus.
#pragma once

#include <string>
#include <string_view>

namespace drover::metrics {

/// Escapes backslashes, quotes and newlines. Prometheus rejects a whole page with bytes that are
/// not UTF-8, so each of them becomes U+FFFD.
[[nodiscard]] std::string label_value(std::string_view text);

}  // namespace drover::metrics
