// SPDX-License-Identifier: MIT
// The segments of a key's pattern, and what a segment looks like: "shop:item:red-shoes" has the
// segments "shop", "item" and "red-shoes". Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace drover::audit {

/// The segments of a name. `:`, `/`, `|`, `?`, `#` and braces separate them; in a name without
/// these, points do, or else the first `-` or `_`. Segments beyond the twelfth are not split.
/// Lifetime: the name outlives it.
class key_segments {
 public:
  explicit key_segments(std::string_view name);

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::string_view operator[](std::size_t place) const { return parts_[place]; }
  /// The name with this segment replaced by `*`.
  [[nodiscard]] std::string starred(std::size_t place) const;
  /// Whether another segment than this one varies from key to key.
  [[nodiscard]] bool others_vary(std::size_t place) const;

 private:
  std::string_view name_;
  std::array<std::string_view, 12> parts_;
  std::size_t count_ = 0;
};

/// Whether names that differ in this segment may be one pattern. Not if the segment varies already,
/// says what kind of key it is (lock, meta, flag), is a version, or is all there is.
[[nodiscard]] bool may_vary(const key_segments& segments, std::size_t place);

/// Whether the segment looks like an id ("red-shoes", "a*f*", "Zm9v", "ann@x.org"), and not like a
/// word that a program may contain.
[[nodiscard]] bool is_like_an_id(std::string_view segment);

/// Whether a word of the name says that the key is a flag or a throttle, such as "banned".
[[nodiscard]] bool is_named_like_a_mark(std::string_view name);

/// Whether the word stands for metadata at the end of a name: "expires", "etag".
[[nodiscard]] bool is_meta_suffix(std::string_view word);

}  // namespace drover::audit
