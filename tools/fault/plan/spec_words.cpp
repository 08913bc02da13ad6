// SPDX-License-Identifier: MIT
#include "fault/plan/spec_words.hpp"

#include <optional>
#include <string_view>

namespace drover::faults {
namespace {

bool is_blank(char byte) noexcept { return byte == ' ' || byte == '\t'; }
bool is_control(char byte) noexcept {
  const auto code = static_cast<unsigned char>(byte);
  return code < 0x20 || code == 0x7F;
}

std::optional<unsigned> hex_digit(char byte) noexcept {
  if (byte >= '0' && byte <= '9') return static_cast<unsigned>(byte - '0');
  if (byte >= 'a' && byte <= 'f') return static_cast<unsigned>(byte - 'a') + 10;
  if (byte >= 'A' && byte <= 'F') return static_cast<unsigned>(byte - 'A') + 10;
  return std::nullopt;
}

class word_splitter {
 public:
  explicit word_splitter(std::string_view line) : line_{line} {}

  std::variant<std::vector<spec_word>, spec_error> split() {
    while (!has_failed()) {
      while (!is_at_end() && is_blank(next())) ++at_;
      if (is_at_end() || next() == '#') return std::move(words_);
      read_word();
    }
    return *std::move(error_);
  }

 private:
  [[nodiscard]] bool is_at_end() const noexcept { return at_ == line_.size(); }
  [[nodiscard]] char next() const noexcept { return line_[at_]; }
  [[nodiscard]] bool has_failed() const noexcept { return error_.has_value(); }
  void fail(std::size_t at, const char* text) { error_ = spec_error{at + 1, text}; }

  void read_word() {
    spec_word word;
    word.column = at_ + 1;
    while (!is_at_end() && !is_blank(next()) && !has_failed()) {
      if (next() == '=' && !word.has_value) {
        word.has_value = true;
        ++at_;
        if (!is_at_end() && next() == '"') return read_quoted(std::move(word));
        continue;
      }
      read_plain(word.has_value ? word.value : word.name);
    }
    if (!has_failed()) words_.push_back(std::move(word));
  }

  void read_plain(std::string& into) {
    const char byte = next();
    if (is_control(byte)) return fail(at_, "a control character; write it as \\xNN in \"...\"");
    if (byte == '"') return fail(at_, "a quote inside a word; write NAME=\"VALUE\"");
    into += byte;
    ++at_;
  }

  void read_quoted(spec_word word) {
    const std::size_t begin = at_++;
    while (!is_at_end() && next() != '"' && !has_failed()) {
      if (next() == '\\') {
        read_escape(word.value);
      } else if (is_control(next()) && next() != '\t') {
        fail(at_, "a control character; write it as \\xNN");
      } else {
        word.value += line_[at_++];
      }
    }
    if (has_failed()) return;
    if (is_at_end()) return fail(begin, "the quote is not closed; add \" at the end of the value");
    ++at_;
    if (!is_at_end() && !is_blank(next())) {
      return fail(at_, "a blank must follow the closing quote; write \\\" for a quote in a value");
    }
    words_.push_back(std::move(word));
  }

  void read_escape(std::string& into) {
    constexpr const char* forms = "unknown escape; the escapes are \\\" \\\\ \\n \\r \\t and \\xNN";
    const std::string_view rest = line_.substr(at_ + 1);
    const char letter = rest.empty() ? '\0' : rest[0];
    switch (letter) {
      case '"':
      case '\\': into += letter; break;
      case 'n': into += '\n'; break;
      case 'r': into += '\r'; break;
      case 't': into += '\t'; break;
      case 'x': {
        const auto high = rest.size() > 2 ? hex_digit(rest[1]) : std::nullopt;
        const auto low = rest.size() > 2 ? hex_digit(rest[2]) : std::nullopt;
        if (!high || !low) return fail(at_, forms);
        into += static_cast<char>(*high * 16 + *low);
        at_ += 2;
        break;
      }
      default: return fail(at_, forms);
    }
    at_ += 2;
  }

  std::string_view line_;
  std::size_t at_ = 0;
  std::vector<spec_word> words_;
  std::optional<spec_error> error_;
};

}  // namespace

std::variant<std::vector<spec_word>, spec_error> split_words(std::string_view line) {
  return word_splitter{line}.split();
}

}  // namespace drover::faults
