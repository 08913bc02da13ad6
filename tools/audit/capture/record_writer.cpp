// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "audit/capture/record_fields.hpp"
#include "audit/capture/record_text.hpp"
#include "text/utf8.hpp"

namespace drover::audit {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_hex(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += hex_digits[byte >> 4U];
    out += hex_digits[byte & 15U];
  }
}

void append_quoted_hash(std::string& out, std::uint64_t hash) {
  out += '"';
  for (unsigned shift = 64; shift > 0; shift -= 4) out += hex_digits[(hash >> (shift - 4)) & 15U];
  out += '"';
}

bool is_plain(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = text::utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void append_text(std::string& out, std::string_view text) {
  if (!is_utf8(text)) {
    out += R"({"hex":")";
    append_hex(out, text);
    out += "\"}";
    return;
  }
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out.append(text, 0, plain);
    if (plain == text.size()) break;
    if (text[plain] == '"' || text[plain] == '\\') {
      out += '\\';
      out += text[plain];
    } else {
      out += "\\u00";
      append_hex(out, text.substr(plain, 1));
    }
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

/// Appends one JSON object with the fields of a record.
class object_writer {
 public:
  explicit object_writer(std::string& out) : out_{out} { out_ += '{'; }
  ~object_writer() { out_ += '}'; }
  object_writer(const object_writer&) = delete;
  object_writer& operator=(const object_writer&) = delete;

  void text(std::string_view name, std::string_view value) { append_text(begin(name), value); }
  void optional_text(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  template <std::integral Integer>
  void number(std::string_view name, Integer value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    begin(name).append(digits.data(), end);
  }
  template <std::integral Integer>
  void optional_number(std::string_view name, Integer value, std::type_identity_t<Integer> absent) {
    if (value != absent) number(name, value);
  }
  void time(std::string_view name, moment value) { number(name, value.count()); }
  void flag(std::string_view name, bool value) { begin(name) += value ? "true" : "false"; }
  void optional_flag(std::string_view name, bool value, bool absent) {
    if (value != absent) flag(name, value);
  }
  template <class Enum>
  void word(std::string_view name, name_list names, Enum value) {
    text(name, name_in(names, value));
  }
  template <class Enum>
  void optional_word(std::string_view name, name_list names, Enum value, Enum absent) {
    if (value != absent) word(name, names, value);
  }
  void hash(std::string_view name, std::uint64_t value) { append_quoted_hash(begin(name), value); }

  void texts(std::string_view name, std::size_t /*count_max*/,
             const std::vector<std::string>& values) {
    append_list(begin(name), values, [this](const std::string& text) { append_text(out_, text); });
  }
  void arguments(std::string_view name, std::size_t /*count_max*/,
                 const std::vector<field>& values) {
    append_list(begin(name), values, [this](const field& argument) {
      if (argument.kind == field_kind::word) {
        append_text(out_, argument.text);
      } else {
        append_object(argument);
      }
    });
  }
  template <class Record>
  void object(std::string_view name, const Record& record) {
    begin(name);
    append_object(record);
  }
  template <class Record>
  void objects(std::string_view name, std::size_t /*count_max*/,
               const std::vector<Record>& records) {
    append_list(begin(name), records, [this](const Record& record) { append_object(record); });
  }
  template <class Record>
  void optional_objects(std::string_view name, std::size_t count_max,
                        const std::vector<Record>& records) {
    if (!records.empty()) objects(name, count_max, records);
  }

 private:
  std::string& begin(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  template <class Record>
  void append_object(const Record& record) {
    object_writer inner{out_};
    describe(inner, record);
  }
  template <class Range, class Append>
  static void append_list(std::string& out, const Range& values, Append&& append) {
    out += '[';
    bool first = true;
    for (const auto& value : values) {
      if (!first) out += ',';
      first = false;
      append(value);
    }
    out += ']';
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace

void append_line(std::string& out, const record& next) {
  {
    object_writer fields{out};
    fields.text("record", record_names[next.index()]);
    std::visit([&fields](const auto& whole) { describe(fields, whole); }, next);
  }
  out += '\n';
}

}  // namespace drover::audit
