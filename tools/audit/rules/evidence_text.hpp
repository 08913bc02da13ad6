// SPDX-License-Identifier: MIT
// Helpers with which rules write messages and evidence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/engine/rule.hpp"
#include "text/words.hpp"

namespace drover::audit {

using text::counted;
using text::in_words;

/// "34 %", "0.4 %"; "0 %" if `whole` is 0.
[[nodiscard]] std::string share_in_words(std::uint64_t part, std::uint64_t whole);
/// "85 bytes", "120 KB", "1.5 MB".
[[nodiscard]] std::string bytes_in_words(std::uint64_t bytes);

/// The operations that the summary names. They are never left out of the commands.
using decisive_operations = std::vector<decisive_operation>;

/// Adds an operation, if there is one.
void add_decisive(decisive_operations& list, key_ref key,
                  const std::optional<op_summary>& operation);

/// The commands on the key (and on `other`, if it is set) in [from, to].
[[nodiscard]] evidence proof_of(const rule_context& context, const key_state& key, moment from,
                                moment to, std::string summary, key_ref other = {},
                                const decisive_operations& decisive = {});

/// Whether a word of the name, in lower case, is in `list`, a list separated by spaces.
[[nodiscard]] bool has_word_of(std::string_view name, std::string_view list);

/// Names of entries that live as long as they are used, or change at each request: sessions,
/// tokens, carts. They are no cache, even if their commands look like one.
[[nodiscard]] bool looks_like_session(std::string_view name);

}  // namespace drover::audit
