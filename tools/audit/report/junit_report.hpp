// SPDX-License-Identifier: MIT
// An audit as JUnit XML, which every build server reads: a test case for each rule and pattern.
// Pure.
//
// What made the audit fail is a failure; what was found and did not is a test case that passes and
// says so; what was accepted or not exercised is skipped; notices are the output of the suite.
#pragma once

#include <string>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

[[nodiscard]] std::string junit_report(const audit_result& of);

}  // namespace drover::audit
