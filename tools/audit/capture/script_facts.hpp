// SPDX-License-Identifier: MIT
// What a script does, read from its Lua text: which commands it calls, what it compares, what its
// arguments are for. Published scripts are known by the hash of their text instead.
// Pure. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/record.hpp"

namespace drover::audit {

/// Of the body of an EVAL, whose SHA1 is `sha1`.
[[nodiscard]] script_seen facts_of_body(std::string_view sha1, std::string_view body);

/// Of a script of which only the SHA1 was seen, if it is a published one.
[[nodiscard]] std::optional<script_seen> facts_of_published(std::string_view sha1);

/// Of what FUNCTION LOAD loads. The `script` of each is the function's name.
struct library_facts {
  std::string name;  ///< "" if the text names none
  std::vector<script_seen> functions;
};
[[nodiscard]] library_facts facts_of_library(std::string_view body);

}  // namespace drover::audit
