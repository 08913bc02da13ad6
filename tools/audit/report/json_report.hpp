// SPDX-License-Identifier: MIT
// An audit as JSON, version 1: docs/reference/audit-json.md describes every field. Pure.
#pragma once

#include <string>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

[[nodiscard]] std::string json_report(const audit_result& result);

}  // namespace drover::audit
