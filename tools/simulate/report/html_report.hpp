// SPDX-License-Identifier: MIT
// A simulation as one page that needs nothing but itself: no network, no other file. Pure.
//
// The tables are the truth and are there without a script; the charts are drawn from series that
// are cut down, so the page stays small. Everything from outside is escaped, and the page's policy
// lets no script run but its own two.
#pragma once

#include <string>

#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

[[nodiscard]] std::string html_report(const simulation& of);

}  // namespace drover::simulate
