// SPDX-License-Identifier: MIT
// The library's ten scripts, in C++. They read and write the same bytes as the texts in
// src/lease/scripts.cpp, with the numbers of Lua: everything is a double, so that a stored number
// of 64 bits is rounded.
#pragma once

#include "lease/scripts.hpp"
#include "world/running.hpp"

namespace drover::world {

/// Runs the script of an EVAL or EVALSHA, and writes its reply. Throws error_reply as the server
/// answers, with the SHA1 and the line. Throws unsupported_request for arguments that only the
/// interpreter itself could judge: a wrong number of them, or a time that is no integer.
void run_lease_script(running& request, const lease::script& script);

}  // namespace drover::world
