// SPDX-License-Identifier: MIT
// An audit as SARIF 2.1.0, for code scanning. Pure.
//
// The rules carry their texts. A result's logical location is the pattern of its keys; its physical
// one is the line that builds such a key, as far as it was found. Its fingerprint is a hash of rule
// and pattern: an alert stays the same alert when lines move.
#pragma once

#include <string>

#include "audit/engine/audit_result.hpp"
#include "audit/report/located.hpp"

namespace drover::audit {

[[nodiscard]] std::string sarif_report(const audit_result& of, const located& where = {});

}  // namespace drover::audit
