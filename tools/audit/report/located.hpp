// SPDX-License-Identifier: MIT
// Finds the source lines that name the keys of a pattern. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace drover::audit {

struct source_place {
  std::string path;  ///< as in SARIF: relative, with '/'
  std::uint64_t line = 1;
};

struct located {
  std::map<std::string, source_place> places;  ///< by pattern
  std::string default_path = "README.md";      ///< for patterns without a place
  std::string left_out;                        ///< message about files not searched; "" if none
};

/// Finds the line that builds the keys of each pattern, in source files that are read one after the
/// other. The order of preference is: a line with the whole literal beginning of the pattern; a
/// literal that continues with a variable (f"user:{id}", `user:${id}`, "user:" + id, "user:%s") or
/// ends there; code before comments and documents; the first line.
class source_search {
 public:
  explicit source_search(const std::vector<std::string>& patterns);

  void read(const std::string& path, std::string_view text);
  [[nodiscard]] std::map<std::string, source_place> places() const;
  /// Whether no pattern has a text to search for.
  [[nodiscard]] bool is_idle() const { return targets_.empty(); }

 private:
  struct search_target {
    std::string pattern;
    /// Best first.
    std::vector<std::string> needles;
    /// The points of `place`; -1: nothing was found yet.
    long best = -1;
    source_place place;
  };

  static void look_for(search_target& target, std::size_t rank, long needle_points,
                       const std::string& path, std::string_view text);

  std::vector<search_target> targets_;
};

/// The texts to search for, best first: for "shop:v1:product:*" they are "shop:v1:product:",
/// "shop:v1:", "product:". None is shorter than three characters.
[[nodiscard]] std::vector<std::string> needles_of(std::string_view pattern);

}  // namespace drover::audit
