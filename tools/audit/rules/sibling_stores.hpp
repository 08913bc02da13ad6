// SPDX-License-Identifier: MIT
// Finds a value and its metadata that are siblings: "wx:paris:body" and "wx:paris:fetched". No word
// tells which is which. The metadata is small; both are stored one after the other by one client,
// although both are there: what the client read in one of them has told it to store both.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "audit/engine/rule.hpp"

namespace drover::audit {

class sibling_stores {
 public:
  /// The earlier one of two such stores.
  struct earlier {
    key_ref key;
    op_summary store;
    bool is_metadata = false;  ///< the earlier one is the metadata, the later one the value
  };

  /// Takes a store of a text. `key` is in its state before it. Returns the store of the sibling.
  [[nodiscard]] std::optional<earlier> add(const op& operation, const key_state& key,
                                           const rule_context& context);

 private:
  struct recent {
    key_ref key;
    std::string stem;
    std::uint32_t database = 0;
    op_summary store;
    bool is_small = false;
    std::optional<op_summary> read;  ///< the hit before the store
  };

  std::deque<recent> recent_;
};

}  // namespace drover::audit
