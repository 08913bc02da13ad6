// SPDX-License-Identifier: MIT
// Learns from many sibling patterns which segment of a name varies from key to key, whatever it
// looks like: after "page:red-shoes", "page:blue-hat" and some more, all are "page:*". Siblings are
// united only if their keys are used alike. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace drover::audit {

/// What the keys of a pattern are used for, as far as it decides whether two patterns may be one.
/// gone: the pattern has been united with others.
enum class key_use : std::uint8_t { undecided, value, lock, mark, counter, gone };

class pattern_families {
 public:
  static constexpr std::size_t uses = 5;  ///< without `gone`

  /// A family that has become large enough to be one pattern.
  struct family {
    std::string text;  ///< "page:*"
    key_use use = key_use::undecided;
    std::vector<std::uint32_t> members;  ///< indices of patterns
  };
  using use_of = std::function<key_use(std::uint32_t)>;

  /// The pattern of the learnt family to which keys of this pattern belong; nullopt: none. With a
  /// use, only families of that use are looked at.
  [[nodiscard]] std::optional<std::uint32_t> home_of(std::string_view text,
                                                     key_use use = key_use::undecided) const;

  /// Notes a new pattern. Returns the family that is now large enough, if there is one; the caller
  /// unites its members in one pattern and calls `learnt`.
  [[nodiscard]] std::optional<family> add(std::string_view text, std::uint32_t index,
                                          const use_of& use);
  /// The same for a pattern that is known, after something was seen of its use.
  [[nodiscard]] std::optional<family> review(std::string_view text, const use_of& use) const;
  void learnt(const family& united, std::uint32_t index);

 private:
  struct sibling {
    std::uint32_t index = 0;
    bool like_an_id = false;
  };
  struct home {
    /// The pattern for each use.
    std::array<std::optional<std::uint32_t>, uses> by_use{};
    std::optional<std::uint32_t> first;
  };

  static std::optional<family> grown(const std::string& text, const std::vector<sibling>& siblings,
                                     std::size_t enough, const use_of& use);

  std::unordered_map<std::string, std::vector<sibling>> siblings_;
  std::unordered_map<std::string, home> homes_;
};

}  // namespace drover::audit
