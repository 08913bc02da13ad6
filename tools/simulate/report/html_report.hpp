// SPDX-License-Identifier: MIT
// The HTML report of a simulation: one page that needs no network and no other file. Pure.
//
// The tables show the exact numbers and work without a script. The charts show reduced series, so
// that the page stays small. All text from outside is escaped, and the page's security policy
// allows only its own two scripts.
#pragma once

#include <string>

#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

[[nodiscard]] std::string html_report(const simulation& results);

}  // namespace drover::simulate
