// SPDX-License-Identifier: MIT
// A complete RESP value as a flat list of nodes in depth-first order, with all texts in one string.
// No tree is built or freed recursively, and a swap is cheap. A `view` refers to one node.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::resp {

enum class type : std::uint8_t {
  simple_string,
  simple_error,
  integer,
  bulk_string,
  null,
  boolean,
  real,
  big_number,
  bulk_error,
  verbatim_string,
  array,
  map,
  set,
  attribute,
  push,
};

[[nodiscard]] constexpr bool is_aggregate(type kind) noexcept { return kind >= type::array; }

struct node {
  type kind = type::null;
  std::uint32_t depth = 0;  ///< 0: the root
  /// The value of an integer or boolean; the number of children of an aggregate (map: 2n).
  std::int64_t integer = 0;
  std::size_t offset = 0;  ///< scalars with text: its offset in message::text
  std::size_t length = 0;  ///< and its length
  /// The number of nodes in this subtree, this one included; set when it is complete.
  std::size_t subtree = 1;
};

class view;

/// A message owns its bytes. Views into it are valid until it changes.
struct message {
  std::string text;
  std::vector<node> nodes;

  [[nodiscard]] bool empty() const noexcept { return nodes.empty(); }
  void clear() noexcept {
    text.clear();
    nodes.clear();
  }
  /// Precondition: `!empty()`.
  [[nodiscard]] view root() const noexcept;
};

/// Threads: read-only; as safe as reading the message.
class view {
 public:
  view(const message& viewed, std::size_t index) noexcept : message_{&viewed}, index_{index} {}

  [[nodiscard]] type kind() const noexcept { return at().kind; }
  [[nodiscard]] bool is_null() const noexcept { return kind() == type::null; }
  [[nodiscard]] bool is_error() const noexcept {
    return kind() == type::simple_error || kind() == type::bulk_error;
  }
  /// True for a simple, bulk or verbatim string (the text is without the "txt:" prefix).
  [[nodiscard]] bool is_string() const noexcept;
  /// The text of a scalar: strings, errors, reals, big numbers. Empty for others.
  [[nodiscard]] std::string_view text() const noexcept;
  [[nodiscard]] std::int64_t integer() const noexcept { return at().integer; }
  /// The number of children of an aggregate (2n for a map of n pairs), 0 for a scalar.
  [[nodiscard]] std::size_t size() const noexcept;
  /// The i-th child. Precondition: `i < size()`. Linear in i.
  [[nodiscard]] view operator[](std::size_t i) const noexcept;
  /// The next child of the same aggregate, in constant time. Precondition: there is one.
  [[nodiscard]] view next() const noexcept { return view{*message_, index_ + at().subtree}; }

 private:
  [[nodiscard]] const node& at() const noexcept { return message_->nodes[index_]; }

  const message* message_;
  std::size_t index_;
};

inline view message::root() const noexcept { return view{*this, 0}; }

}  // namespace drover::resp
