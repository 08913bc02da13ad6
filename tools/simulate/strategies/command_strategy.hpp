// SPDX-License-Identifier: MIT
// A strategy of the user: a client program in any language, played through the same scenarios.
//
// Each calling thread drives one instance of the program over the instance's standard input and
// output, in lines of UTF-8 or any other encoding. The tool sends a request and the program
// answers. Before its answer, the program may let the tool query the database. It must flush each
// line, and it must exit at the end of its input.
//
//   the tool sends    it may send first     the tool replies   it finishes with
//   get KEY           query KEY             row VALUE          value VALUE
//                                           absent             absent
//                                           failed TEXT        error TEXT
//   invalidate KEY                                             done | error TEXT
//   cached KEY                                                 yes | no | unknown
//
// "query" may come several times or not at all. "cached" asks whether the cache could answer "get"
// now. After "unknown", or any line other than yes and no, the tool uses the ttl instead, counted
// from the last "get" that had a row. So a program need not support "cached".
//
// A call fails when the instance exits, sends nothing for `silence_max`, or sends a line that is
// not in the table or that no request asked for. The next call starts another instance.
#pragma once

#include <string_view>

#include "simulate/strategies/client_program.hpp"
#include "simulate/strategies/strategy.hpp"

namespace drover::simulate {

/// `command`: the program and its arguments, with words and quotes as in a shell. {redis} is
/// replaced by the URL of the server, {key} by the key of an instance's first call (later calls may
/// have other keys), and {ttl-ms} by the ttl.
///
/// Throws std::invalid_argument when there is no such program, a quote does not end, or {redis} is
/// missing.
[[nodiscard]] strategy_kind command_strategy_kind(std::string_view command,
                                                  program_limits within = {});

}  // namespace drover::simulate
