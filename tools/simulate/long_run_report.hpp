// SPDX-License-Identifier: MIT
// The long run's figures for programs. Pure. For people: `long_run_text`.
#pragma once

#include <string>
#include <vector>

#include "long_run/long_run.hpp"

namespace drover::simulate {

/// {"version":1,"scenario":"long-run","parameters":{...},"rows":[...]}, see
/// docs/reference/simulate-long-run-json.md.
[[nodiscard]] std::string long_run_json(const long_run_request& request,
                                        const std::vector<long_run_row>& rows);
/// RFC 4180, one line for each rule and rate.
[[nodiscard]] std::string long_run_csv(const std::vector<long_run_row>& rows);

}  // namespace drover::simulate
