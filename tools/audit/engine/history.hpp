// SPDX-License-Identifier: MIT
// The latest commands of the run, in a ring: from them timelines are made. Those of one key are
// linked, the newest first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "audit/engine/facts.hpp"
#include "audit/engine/key_state.hpp"

namespace drover::audit {

class history {
 public:
  struct line {
    op_summary summary;
    key_ref key;
    std::uint64_t older = 0;  ///< the number of the previous line of the same key; 0: none
  };

  explicit history(std::size_t lines_max) : max_(lines_max) {}

  /// Adds it to the key's own.
  void add(const op& operation, key_state& key);
  /// Of a key, the newest first, as far back as is remembered. `use` answers whether to go on.
  template <class F>
  void for_each(const key_state& key, F&& use) const {
    for (std::uint64_t number = key.history; number != 0;) {
      const line* const entry = find(number);
      if (entry == nullptr || entry->key != key.ref || !use(*entry)) return;
      number = entry->older;
    }
  }

 private:
  [[nodiscard]] const line* find(std::uint64_t number) const;

  std::size_t max_;
  std::uint64_t count_ = 0;
  std::vector<line> ring_;
};

/// "SET lock:user:42 if absent, ttl 10 s token #3f2a -> won". Keys are escaped and cut.
[[nodiscard]] std::string text_of(const op_summary& summary, std::string_view key);
/// "250 us", "12 ms", "1.5 s", "3 min", "2 h".
[[nodiscard]] std::string text_of(moment duration);

}  // namespace drover::audit
