// SPDX-License-Identifier: MIT
// Determines the purpose of a script from its Lua text: the commands that it calls, its
// comparisons, and the meaning of its arguments. Published scripts are identified by the hash of
// their text. Pure. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/record.hpp"
#include "audit/capture/value_digest.hpp"

namespace drover::audit {

/// The facts of the body of an EVAL. `sha1`: of the body. `texts`: the key of the digests of the
/// run, for the texts that the script may reply.
[[nodiscard]] script_seen facts_of_body(std::string_view sha1, std::string_view body,
                                        const hash_key& texts = {});

/// The facts of a script whose body was not seen. nullopt: it is not a published script.
[[nodiscard]] std::optional<script_seen> facts_of_published(std::string_view sha1);

/// The facts of a library that FUNCTION LOAD loads.
struct library_facts {
  /// "" if the text has no name.
  std::string name;
  /// `script` is the name of the function.
  std::vector<script_seen> functions;
};
[[nodiscard]] library_facts facts_of_library(std::string_view body, const hash_key& texts = {});

}  // namespace drover::audit
