// SPDX-License-Identifier: MIT
// Where in somebody's sources the keys of a pattern are named. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace drover::audit {

struct source_place {
  std::string path;  ///< as SARIF wants it: relative, with '/'
  std::uint64_t line = 1;
};

struct located {
  std::map<std::string, source_place> places;  ///< by pattern
  std::string otherwise = "README.md";         ///< what stands for a pattern that was not found
  std::string left_out;                        ///< what was not searched, for people; "" if nothing
};

/// Finds the line that builds the keys of each pattern: it is handed one source file after the
/// other. A line that has the pattern's whole literal beginning comes before one that has a part of
/// it; then a literal that goes on with a variable (f"user:{id}", `user:${id}`, "user:" + id,
/// "user:%s") or ends there, code before comments and documents, the first before others.
class source_search {
 public:
  explicit source_search(const std::vector<std::string>& patterns);

  void read(const std::string& path, std::string_view text);
  [[nodiscard]] std::map<std::string, source_place> found() const;
  /// No pattern has letters to look for.
  [[nodiscard]] bool is_idle() const { return wanted_.empty(); }

 private:
  struct wanted {
    std::string pattern;
    std::vector<std::string> needles;  // the best first
    long best = -1;                    // how well `place` fits; -1: nothing yet
    source_place place;
  };

  static void look_for(wanted& search, std::size_t rank, long worth, const std::string& path,
                       std::string_view text);

  std::vector<wanted> wanted_;
};

/// What to look for, the best first: of "shop:v1:product:*" it is "shop:v1:product:",
/// "shop:v1:", "product:". Nothing shorter than three characters.
[[nodiscard]] std::vector<std::string> needles_of(std::string_view pattern);

}  // namespace drover::audit
