// SPDX-License-Identifier: MIT
// A ring of the latest commands of the run. Timelines are built from it. The commands of one key
// are linked, the newest first.
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

  /// Adds a command to the history of its key.
  void add(const op& operation, key_state& key);
  /// Calls `use` for the remembered lines of a key, the newest first, until `use` returns false.
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

/// "SET lock:user:42 if absent, ttl 10 s token #3f2a -> won". The key is escaped and cut.
[[nodiscard]] std::string text_of(const op_summary& summary, std::string_view key);
/// "250 us", "12 ms", "1.5 s", "3 min", "2 h".
[[nodiscard]] std::string text_of(moment duration);

}  // namespace drover::audit
