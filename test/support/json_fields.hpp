// SPDX-License-Identifier: MIT
// The fields of a JSON text, and the fields that the tables of a page of docs/reference describe.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/document.hpp"

namespace drover::test {

/// A minimal JSON parser that collects the path of every field, "a.b" for b in (the objects of) a.
/// Fails the test when the text is not JSON.
class field_reader {
 public:
  explicit field_reader(std::string_view text) : text_{text} {
    value("");
    EXPECT_EQ(peek(), '\0') << "something behind the end";
  }

  [[nodiscard]] const std::set<std::string>& fields() const { return fields_; }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  void expect(char expected) {
    if (peek() == expected) {
      ++at_;
      return;
    }
    ADD_FAILURE() << "expected " << expected << " at " << at_;
    at_ = text_.size();
  }

  std::string quoted() {
    expect('"');
    std::string text;
    while (at_ < text_.size() && text_[at_] != '"') {
      EXPECT_GE(static_cast<unsigned char>(text_[at_]), 0x20U);
      if (text_[at_] == '\\') text += text_[at_++];
      text += text_[at_++];
    }
    expect('"');
    return text;
  }

  void value(const std::string& path) {
    const char first = peek();
    if (first == '{' || first == '[') {
      inside(path, first, first == '{' ? '}' : ']');
    } else if (first == '"') {
      texts_.push_back(quoted());
    } else {
      const std::size_t end = std::min(text_.find_first_of(",]}\n", at_), text_.size());
      EXPECT_GT(end, at_);
      at_ = end;
    }
  }

  void inside(const std::string& path, char open, char close) {
    expect(open);
    while (peek() != close && peek() != '\0') {
      std::string below = path;
      if (open == '{') {
        const std::string name = quoted();
        below += (path.empty() ? "" : ".") + name;
        fields_.insert(below);
        expect(':');
      }
      value(below);
      if (peek() != close) expect(',');
    }
    expect(close);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::set<std::string> fields_;
  std::vector<std::string> texts_;
};

/// The names in the lines that begin with "| `name` |".
inline std::set<std::string> fields_described(std::string_view page) {
  std::istringstream text{document(page)};
  std::set<std::string> fields;
  for (std::string line; std::getline(text, line);) {
    const std::string_view name = part_between(line, "| `", "` |");
    if (!line.starts_with("| `")) continue;
    EXPECT_TRUE(fields.emplace(name).second) << name;
  }
  return fields;
}

}  // namespace drover::test
