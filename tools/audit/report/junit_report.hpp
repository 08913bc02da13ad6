// SPDX-License-Identifier: MIT
// An audit as JUnit XML, which build servers read: one test case for each rule and pattern. Pure.
//
// A finding that makes the audit fail is a failure. Any other finding is a test case that passes
// and contains the finding. Accepted findings and rules that judged nothing are skipped.
// Notices are the output of the suite.
#pragma once

#include <string>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

[[nodiscard]] std::string junit_report(const audit_result& result);

}  // namespace drover::audit
