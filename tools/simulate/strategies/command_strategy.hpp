// SPDX-License-Identifier: MIT
// A strategy of the user's: a client program in any language, played through the same scenarios.
//
// Each calling thread drives one instance of the program over the instance's standard input and
// output, in lines of UTF-8 or anything else without line ends. We ask, it answers; in between it
// may have us ask the database. It must flush each line, and it ends when its input does.
//
//   we say            it may say first      and then we say    in the end it says
//   get KEY           query KEY             row VALUE          value VALUE
//                                           absent             absent
//                                           failed TEXT        error TEXT
//   invalidate KEY                                             done | error TEXT
//   cached KEY                                                 yes | no | unknown
//
// "query" may come several times or not at all. "cached" asks whether "get" would be answered from
// the cache now; "unknown" (or any line that is neither yes nor no, so that a program need not know
// the word) makes the tool go by the ttl instead, counted from the last "get" that had a row.
//
// An instance that ends, falls silent for `silence_max` or says what is not in the table fails the
// call, and the next call starts another one. Lines that come without a question are such a fault.
#pragma once

#include <string_view>

#include "simulate/strategies/client_program.hpp"
#include "simulate/strategies/strategy.hpp"

namespace drover::simulate {

/// `command`: the program and its arguments, in which {redis} stands for the URL of the server,
/// {key} for the key of an instance's first call (others follow, if there are several), and
/// {ttl-ms} for how long a value is to be cached. Words and quotes as in a shell.
///
/// Throws std::invalid_argument when there is no such program, the quotes do not close, or {redis}
/// is missing: such a program would not know which server is meant.
[[nodiscard]] strategy_kind command_strategy_kind(std::string_view command,
                                                  program_limits within = {});

}  // namespace drover::simulate
