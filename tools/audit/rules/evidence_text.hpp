// SPDX-License-Identifier: MIT
// How rules put what they saw into words and evidence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/engine/rule.hpp"
#include "text/words.hpp"

namespace drover::audit {

using text::counted;
using text::in_words;

/// "34 %", "0.4 %"; of nothing "0 %".
[[nodiscard]] std::string share_in_words(std::uint64_t part, std::uint64_t whole);
/// "85 bytes", "120 KB", "1.5 MB".
[[nodiscard]] std::string bytes_in_words(std::uint64_t bytes);

/// What was done to the key (and to `other`, if it is set) in [from, to].
[[nodiscard]] evidence proof_of(const rule_context& context, const key_state& key, moment from,
                                moment to, std::string summary, key_ref other = {});

/// Whether a word of the name, in small letters, is one of `list`, with blanks between.
[[nodiscard]] bool has_word_of(std::string_view name, std::string_view list);

/// What lives as long as it is used, or is changed at each request: sessions, tokens, carts. Not a
/// cache, whatever its commands look like.
[[nodiscard]] bool looks_like_session(std::string_view name);

}  // namespace drover::audit
