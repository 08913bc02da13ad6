// SPDX-License-Identifier: MIT
// A strategy of the user: a client program in any language, run through the same scenarios.
//
// Each calling thread drives one instance of the program over the instance's standard input and
// output, in lines of UTF-8 or any other encoding. The tool sends a request and the program
// answers. Before it answers, the program may ask the tool to query the database. The program must
// flush each line, and it must exit at the end of its input.
//
//   the tool sends    it may send first     the tool replies   it finishes with
//   get KEY           query KEY             row VALUE          value VALUE
//                                           absent             absent
//                                           failed TEXT        error TEXT
//   invalidate KEY                                             done | error TEXT
//   cached KEY                                                 yes | no | unknown
//
// The program may send "query" several times or not at all. "cached" asks whether the cache could
// answer "get" now. If the answer is "unknown", or any line other than yes and no, the tool assumes
// that a value is cached for one ttl after the last "get" that queried a row. A program therefore
// does not have to support "cached".
//
// A call fails if the instance exits, sends nothing for `silence_max`, or sends a line that is not
// in the table or that answers no request. The next call starts another instance.
#pragma once

#include <string_view>

#include "simulate/strategies/client_program.hpp"
#include "simulate/strategies/strategy.hpp"

namespace drover::simulate {

/// `command` is the program and its arguments, with words and quotes as in a shell. {redis} is
/// replaced by the URL of the server, {key} by the key of an instance's first call (later calls may
/// have other keys), and {ttl-ms} by the ttl.
///
/// Throws std::invalid_argument if there is no such program, a quote does not end, or {redis} is
/// missing.
[[nodiscard]] strategy_kind command_strategy_kind(std::string_view command,
                                                  program_limits limits = {});

}  // namespace drover::simulate
