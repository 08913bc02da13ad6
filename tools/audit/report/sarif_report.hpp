// SPDX-License-Identifier: MIT
// An audit as SARIF 2.1.0, for code scanning. Pure.
//
// The rules contain their texts. The logical location of a result is the pattern of its keys. The
// physical location is the line that builds such a key, if it was found. The fingerprint is a hash
// of the rule and the pattern, so an alert keeps its identity when lines move.
#pragma once

#include <string>

#include "audit/engine/audit_result.hpp"
#include "audit/report/located.hpp"

namespace drover::audit {

[[nodiscard]] std::string sarif_report(const audit_result& result, const located& sources = {});

}  // namespace drover::audit
