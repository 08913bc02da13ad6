// SPDX-License-Identifier: MIT
// Reads one line of a recording. `line_fields` keeps the first fault and continues with defaults.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>

#include "audit/capture/record_fields.hpp"
#include "audit/capture/record_text.hpp"
#include "base/printing.hpp"

namespace drover::audit {
namespace {

using json = nlohmann::json;

std::optional<unsigned> hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

std::optional<std::string> bytes_of_hex(const std::string& digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto high = hex_value(digits[i]);
    const auto low = hex_value(digits[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes += static_cast<char>(*high * 16 + *low);
  }
  return bytes;
}

/// Sets each field of a record from a JSON object.
class line_fields {
 public:
  /// `fault_text` receives the first fault. All objects of a line share it.
  line_fields(const json& from, std::string& fault_text) : from_{from}, fault_text_{fault_text} {
    if (!from_.is_object()) fail("not an object");
  }

  void text(const char* name, std::string& into) { read_text(name, into, true); }
  void optional_text(const char* name, std::string& into) { read_text(name, into, false); }
  template <class Integer>
  void number(const char* name, Integer& into) {
    read_number(name, into, true);
  }
  template <class Integer>
  void optional_number(const char* name, Integer& into, std::type_identity_t<Integer> /*absent*/) {
    read_number(name, into, false);
  }
  void time(const char* name, moment& into) {
    std::int64_t count = 0;
    number(name, count);
    into = moment{count};
  }
  void flag(const char* name, bool& into) { read_flag(name, into, true); }
  void optional_flag(const char* name, bool& into, bool /*absent*/) {
    read_flag(name, into, false);
  }
  template <class Enum>
  void word(const char* name, name_list names, Enum& into) {
    read_word(name, names, into, true);
  }
  template <class Enum>
  void optional_word(const char* name, name_list names, Enum& into, Enum /*absent*/) {
    read_word(name, names, into, false);
  }
  template <class Enum>
  void read_word(const char* name, name_list names, Enum& into, bool is_needed) {
    const json* const member = find(name, is_needed);
    if (member == nullptr) return;
    const auto value = member->is_string()
                           ? value_in<Enum>(names, member->get_ref<const std::string&>())
                           : std::nullopt;
    if (!value) return fail(name, "has an unknown value");
    into = *value;
  }
  void hash(const char* name, std::uint64_t& into) {
    const json* const member = find(name, true);
    if (member == nullptr) return;
    const std::string digits = member->is_string() ? member->get<std::string>() : "";
    const auto bytes = digits.size() == 16 ? bytes_of_hex(digits) : std::nullopt;
    if (!bytes) return fail(name, "is not 16 lower-case hexadecimal digits");
    into = 0;
    for (const char c : *bytes) into = into << 8U | static_cast<unsigned char>(c);
  }

  void texts(const char* name, std::size_t count_max, std::vector<std::string>& into) {
    list(name, count_max,
         [&](const json& element) { set_text(name, element, into.emplace_back()); });
  }
  void arguments(const char* name, std::size_t count_max, std::vector<field>& into) {
    list(name, count_max, [&](const json& element) {
      field& argument = into.emplace_back();
      if (element.is_string() || (element.is_object() && element.contains("hex"))) {
        argument.kind = field_kind::word;
        set_text(name, element, argument.text);
        return;
      }
      const bool is_key = element.is_object() && element.contains("key");
      argument.kind = is_key ? field_kind::key : field_kind::value;
      line_fields fields{element, fault_text_};
      describe(fields, argument);
    });
  }
  template <class Record>
  void object(const char* name, Record& into) {
    static const json nothing = json::object();
    const json* const member = find(name, true);
    line_fields fields{member == nullptr ? nothing : *member, fault_text_};
    describe(fields, into);
  }
  template <class Record>
  void objects(const char* name, std::size_t count_max, std::vector<Record>& into) {
    list(name, count_max, [&](const json& element) {
      line_fields fields{element, fault_text_};
      describe(fields, into.emplace_back());
    });
  }
  template <class Record>
  void optional_objects(const char* name, std::size_t count_max, std::vector<Record>& into) {
    if (find(name, false) != nullptr) objects(name, count_max, into);
  }

  void fail(const char* name, const char* why) { fail('"' + std::string{name} + "\" " + why); }

 private:
  void fail(std::string why) {
    if (fault_text_.empty()) fault_text_ = std::move(why);
  }
  const json* find(const char* name, bool needed) {
    if (!from_.is_object()) return nullptr;
    const auto member = from_.find(name);
    if (member != from_.end()) return &*member;
    if (needed) fail(name, "is missing");
    return nullptr;
  }
  void read_text(const char* name, std::string& into, bool needed) {
    const json* const member = find(name, needed);
    if (member != nullptr) set_text(name, *member, into);
  }
  void set_text(const char* name, const json& from, std::string& into) {
    if (from.is_string()) {
      into = from.get_ref<const std::string&>();
      return;
    }
    const auto hex = from.is_object() ? from.find("hex") : from.end();
    const auto bytes = from.is_object() && hex != from.end() && hex->is_string()
                           ? bytes_of_hex(hex->get_ref<const std::string&>())
                           : std::nullopt;
    if (!bytes) return fail(name, "is not a text");
    into = *bytes;
  }
  void read_flag(const char* name, bool& into, bool needed) {
    const json* const member = find(name, needed);
    if (member == nullptr) return;
    if (!member->is_boolean()) return fail(name, "is neither true nor false");
    into = member->get<bool>();
  }
  template <class Integer>
  void read_number(const char* name, Integer& into, bool needed) {
    using limits = std::numeric_limits<Integer>;
    const json* const member = find(name, needed);
    if (member == nullptr) return;
    if (member->is_number_unsigned()) {
      const auto value = member->get<std::uint64_t>();
      if (value <= static_cast<std::uint64_t>(limits::max())) {
        into = static_cast<Integer>(value);
        return;
      }
    } else if (std::is_signed_v<Integer> && member->is_number_integer()) {
      const auto value = member->get<std::int64_t>();
      if (value >= static_cast<std::int64_t>(limits::min())) {
        into = static_cast<Integer>(value);
        return;
      }
    }
    fail(name, "is not a whole number in its range");
  }
  /// Calls `read(element)` for the elements of an array.
  template <class Read>
  void list(const char* name, std::size_t count_max, Read&& read) {
    const json* const member = find(name, true);
    if (member == nullptr) return;
    if (!member->is_array()) return fail(name, "is not an array");
    if (member->size() > count_max) return fail(name, "has too many elements");
    for (const json& element : *member) read(element);
  }

  const json& from_;
  std::string& fault_text_;
};

/// Checks that concern several fields or the value of a field.
void check(line_fields& from, const event& record) {
  if (record.done < record.sent) from.fail("done_us", "is before \"sent_us\"");
  if (record.argument_count < record.arguments.size()) {
    from.fail("argument_count", "is less than the number of arguments");
  }
}
void check_share(line_fields& from, std::uint32_t keys_per_million) {
  if (keys_per_million == 0 || keys_per_million > all_keys) {
    from.fail("keys_per_million", "is not from 1 to 1000000");
  }
}
void check(line_fields& from, const sight_lost& record) {
  check_share(from, record.keys_per_million);
}
void check(line_fields& from, const capture_begun& record) {
  check_share(from, record.keys_per_million);
}
void check(line_fields& /*from*/, const auto& /*record*/) {}

/// An empty record of the kind at `index` in the variant.
template <std::size_t... Kinds>
record record_at(std::size_t index, std::index_sequence<Kinds...> /*kinds*/) {
  record out;
  ((index == Kinds ? static_cast<void>(out.emplace<Kinds>()) : static_cast<void>(0)), ...);
  return out;
}

/// Whether brackets are nested deeper than in any valid record. Checked before parsing, because a
/// parsed bracket takes a hundred times the memory of its text.
bool is_too_deep(std::string_view line) noexcept {
  constexpr int depth_max = 8;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > depth_max) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

result<record> refuse(std::string why) { return fault{fault_code::corrupt, std::move(why)}; }

}  // namespace

result<record> read_line(std::string_view line) {
  if (line.size() > record_line_max) return refuse("the line is longer than 4 MiB");
  if (is_too_deep(line)) return refuse("the line is nested too deeply");
  const json whole = json::parse(line, nullptr, false);
  if (!whole.is_object()) return refuse("the line is not a JSON object");
  const auto kind = whole.find("record");
  if (kind == whole.end() || !kind->is_string()) return refuse("the line has no \"record\"");
  const auto& name = kind->get_ref<const std::string&>();
  const auto* const entry = std::find(record_names.begin(), record_names.end(), name);
  if (entry == record_names.end()) {
    return refuse("a kind of record that this version does not know: " + base::escape(name, 40));
  }
  const auto index = static_cast<std::size_t>(entry - record_names.begin());
  record out = record_at(index, std::make_index_sequence<record_names.size()>{});
  std::string why;
  line_fields from{whole, why};
  std::visit(
      [&from](auto& contents) {
        describe(from, contents);
        check(from, contents);
      },
      out);
  if (!why.empty()) return refuse(name + ": " + why);
  return out;
}

}  // namespace drover::audit
