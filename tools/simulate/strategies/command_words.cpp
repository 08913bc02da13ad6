// SPDX-License-Identifier: MIT
#include "simulate/strategies/command_words.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace drover::simulate {
namespace {

constexpr std::string_view white_space = " \t\n\r\v\f";
constexpr std::string_view escaped_in_quotes = "\"\\$`";

class splitter {
 public:
  explicit splitter(std::string_view text) : rest_{text} {}

  std::vector<std::string> split() {
    while (!rest_.empty()) {
      const char next = take();
      if (white_space.find(next) != std::string_view::npos) {
        end_word();
      } else if (next == '\'') {
        take_single_quoted();
      } else if (next == '"') {
        take_double_quoted();
      } else if (next == '\\') {
        if (rest_.empty()) throw std::invalid_argument{"the command ends in a backslash"};
        add(take());
      } else {
        add(next);
      }
    }
    end_word();
    if (words_.empty()) throw std::invalid_argument{"the command is empty"};
    return std::move(words_);
  }

 private:
  char take() {
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return first;
  }

  void add(char c) {
    word_ += c;
    in_word_ = true;
  }

  void end_word() {
    if (in_word_) words_.push_back(std::exchange(word_, {}));
    in_word_ = false;
  }

  void take_single_quoted() {
    const std::size_t end = rest_.find('\'');
    if (end == std::string_view::npos) throw std::invalid_argument{"a ' has no end"};
    word_ += rest_.substr(0, end);
    in_word_ = true;
    rest_.remove_prefix(end + 1);
  }

  void take_double_quoted() {
    in_word_ = true;
    while (!rest_.empty()) {
      const char next = take();
      if (next == '"') return;
      const bool escapes = next == '\\' && !rest_.empty() &&
                           escaped_in_quotes.find(rest_.front()) != std::string_view::npos;
      word_ += escapes ? take() : next;
    }
    throw std::invalid_argument{"a \" has no end"};
  }

  std::string_view rest_;
  std::vector<std::string> words_;
  std::string word_;
  bool in_word_ = false;  // true also for an empty word, such as ''
};

std::string fill(std::string_view word, std::span<const blank> blanks) {
  std::string filled;
  while (!word.empty()) {
    const auto match = std::ranges::find_if(
        blanks, [word](const blank& candidate) { return word.starts_with(candidate.name); });
    if (match == blanks.end()) {
      filled += word.front();
      word.remove_prefix(1);
    } else {
      filled += match->value;
      word.remove_prefix(match->name.size());
    }
  }
  return filled;
}

}  // namespace

std::vector<std::string> split_words(std::string_view command) { return splitter{command}.split(); }

std::vector<std::string> fill_blanks(std::span<const std::string> words,
                                     std::span<const blank> blanks) {
  std::vector<std::string> filled;
  filled.reserve(words.size());
  for (const std::string& word : words) filled.push_back(fill(word, blanks));
  return filled;
}

}  // namespace drover::simulate
