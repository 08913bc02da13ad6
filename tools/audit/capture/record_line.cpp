// SPDX-License-Identifier: MIT
// One line of a recording. `line_fields` keeps the first fault and goes on with defaults, so that
// the readers of the kinds are plain lists of what a kind has.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>

#include "audit/capture/record_names.hpp"
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

class line_fields {
 public:
  /// `fault_text` gets the first fault; shared by the fields of all objects of a line.
  line_fields(const json& from, std::string& fault_text) : from_{from}, fault_text_{fault_text} {
    if (!from_.is_object()) fail("not an object");
  }

  void text(const char* name, std::string& into) { read(name, into, true); }
  void optional_text(const char* name, std::string& into) { read(name, into, false); }

  template <class Integer>
  void number(const char* name, Integer& into) {
    const json* const found = find(name, true);
    if (found != nullptr) integer(name, *found, into);
  }
  template <class Integer>
  void optional_number(const char* name, Integer& into) {
    const json* const found = find(name, false);
    if (found != nullptr) integer(name, *found, into);
  }
  void time(const char* name, moment& into) {
    std::int64_t count = 0;
    number(name, count);
    into = moment{count};
  }
  void flag(const char* name, bool& into, bool needed = true) {
    const json* const found = find(name, needed);
    if (found == nullptr) return;
    if (!found->is_boolean()) return fail(name, "is neither true nor false");
    into = found->get<bool>();
  }
  template <class Enum, std::size_t Count>
  void word(const char* name, const std::array<std::string_view, Count>& names, Enum& into) {
    const json* const found = find(name, true);
    if (found == nullptr) return;
    const auto value = found->is_string()
                           ? value_in<Enum>(names, found->get_ref<const std::string&>())
                           : std::nullopt;
    if (!value) return fail(name, "is none of the words it may be");
    into = *value;
  }
  void hash(const char* name, std::uint64_t& into) {
    const json* const found = find(name, true);
    if (found == nullptr) return;
    const std::string digits = found->is_string() ? found->get<std::string>() : "";
    const auto bytes = digits.size() == 16 ? bytes_of_hex(digits) : std::nullopt;
    if (!bytes) return fail(name, "is not 16 lower-case hexadecimal digits");
    into = 0;
    for (const char c : *bytes) into = into << 8U | static_cast<unsigned char>(c);
  }
  /// Calls `each(element)` for the elements of an array of at most `most`.
  template <class Each>
  void list(const char* name, std::size_t most, Each&& each) {
    const json* const found = find(name, true);
    if (found == nullptr) return;
    if (!found->is_array()) return fail(name, "is not an array");
    if (found->size() > most) return fail(name, "has more elements than it may");
    for (const json& one : *found) each(one);
  }
  void text_of(const char* name, const json& from, std::string& into) {
    if (from.is_string()) {
      into = from.get_ref<const std::string&>();
      return;
    }
    const auto found = from.is_object() ? from.find("hex") : from.end();
    const auto bytes = from.is_object() && found != from.end() && found->is_string()
                           ? bytes_of_hex(found->get_ref<const std::string&>())
                           : std::nullopt;
    if (!bytes) return fail(name, "is no text");
    into = *bytes;
  }
  [[nodiscard]] bool has(const char* name) const {
    return from_.is_object() && from_.find(name) != from_.end();
  }
  [[nodiscard]] line_fields of(const json& element) { return {element, fault_text_}; }
  [[nodiscard]] line_fields inside(const char* name) {
    static const json nothing = json::object();
    const json* const found = find(name, true);
    return {found == nullptr ? nothing : *found, fault_text_};
  }
  void fail(const char* name, const char* why) { fail('"' + std::string{name} + "\" " + why); }
  void fail(std::string why) {
    if (fault_text_.empty()) fault_text_ = std::move(why);
  }

 private:
  const json* find(const char* name, bool needed) {
    if (!from_.is_object()) return nullptr;
    const auto found = from_.find(name);
    if (found != from_.end()) return &*found;
    if (needed) fail(name, "is missing");
    return nullptr;
  }
  void read(const char* name, std::string& into, bool needed) {
    const json* const found = find(name, needed);
    if (found != nullptr) text_of(name, *found, into);
  }
  template <class Integer>
  void integer(const char* name, const json& from, Integer& into) {
    using limits = std::numeric_limits<Integer>;
    if (from.is_number_unsigned()) {
      const auto value = from.get<std::uint64_t>();
      if (value <= static_cast<std::uint64_t>(limits::max())) {
        into = static_cast<Integer>(value);
        return;
      }
    } else if (std::is_signed_v<Integer> && from.is_number_integer()) {
      const auto value = from.get<std::int64_t>();
      if (value >= static_cast<std::int64_t>(limits::min())) {
        into = static_cast<Integer>(value);
        return;
      }
    }
    fail(name, "is no whole number in its range");
  }

  const json& from_;
  std::string& fault_text_;
};

void read(line_fields& from, digest& into) {
  from.hash("hash", into.hash);
  from.number("bytes", into.length);
  from.word("looks", shape_names, into.looks);
}

field field_of(line_fields& line, const json& element) {
  field out;
  if (element.is_string() || (element.is_object() && element.contains("hex"))) {
    out.kind = field_kind::word;
    line.text_of("arguments", element, out.text);
    return out;
  }
  line_fields from = line.of(element);
  if (from.has("key")) {
    out.kind = field_kind::key;
    from.text("key", out.text);
  }
  read(from, out.of);
  return out;
}

void read(line_fields& from, reply_item& into) {
  from.word("is", reply_names, into.kind);
  switch (into.kind) {
    case reply_kind::integer: from.number("value", into.integer); break;
    case reply_kind::aggregate: from.number("count", into.integer); break;
    case reply_kind::status:
    case reply_kind::error: from.text("word", into.word); break;
    case reply_kind::text: read(from, into.of); break;
    default: break;
  }
}

void read(line_fields from, reply& into) {
  read(from, static_cast<reply_item&>(into));
  if (into.kind != reply_kind::aggregate) return;
  from.list("items", reply::items_max, [&](const json& element) {
    line_fields item = from.of(element);
    read(item, into.items.emplace_back());
  });
}

void read(line_fields& from, capture_begun& into) {
  from.number("version", into.version);
  from.text("tool", into.tool);
  from.number("unix_ms", into.unix_ms);
  from.flag("keys_hidden", into.keys_hidden);
  from.flag("active", into.active);
}

void read(line_fields& from, connection_opened& into) {
  from.number("connection", into.connection);
  from.time("at_us", into.at);
  from.number("pid", into.pid);
  from.text("process", into.process);
}

void read(line_fields& from, connection_named& into) {
  from.number("connection", into.connection);
  from.text("name", into.name);
  from.text("library", into.library);
  from.text("library_version", into.library_version);
}

void read(line_fields& from, connection_closed& into) {
  from.number("connection", into.connection);
  from.time("at_us", into.at);
  from.flag("by_client", into.by_client);
}

void read_texts(line_fields& from, const char* name, std::vector<std::string>& into) {
  from.list(name, event::arguments_max,
            [&](const json& one) { from.text_of(name, one, into.emplace_back()); });
}

void read(line_fields& from, script_seen& into) {
  from.text("script", into.script);
  from.text("known_as", into.known_as);
  from.word("does", purpose_names, into.does);
  from.word("success", success_names, into.says);
  from.number("token_argument", into.token_argument);
  from.number("ttl_argument", into.ttl_argument);
  from.number("value_argument", into.value_argument);
  from.flag("ttl_in_seconds", into.ttl_in_seconds);
  read_texts(from, "calls", into.calls);
}

void read(line_fields& from, event& into) {
  from.number("sequence", into.sequence);
  from.number("connection", into.connection);
  from.number("database", into.database);
  from.number("batch", into.batch);
  from.optional_number("transaction", into.transaction);
  from.flag("executed", into.executed, false);
  from.time("sent_us", into.sent);
  from.time("done_us", into.done);
  from.text("command", into.command);
  from.list("arguments", event::arguments_max,
            [&](const json& one) { into.arguments.push_back(field_of(from, one)); });
  from.number("argument_count", into.argument_count);
  from.optional_text("script", into.script);
  read(from.inside("reply"), into.answer);
  if (into.done < into.sent) from.fail("done_us", "is before \"sent_us\"");
  if (into.argument_count < into.arguments.size()) {
    from.fail("argument_count", "is less than there are arguments");
  }
}

void read(line_fields& from, push_received& into) {
  from.number("connection", into.connection);
  from.time("at_us", into.at);
  from.text("what", into.kind);
  read_texts(from, "names", into.names);
}

void read(line_fields& from, origin_loads& into) {
  from.time("at_us", into.at);
  from.number("count", into.count);
  from.text("key", into.key);
  from.text("source", into.source);
}

void read(line_fields& from, tool_acted& into) {
  from.word("did", act_names, into.did);
  from.text("key", into.key);
  from.time("from_us", into.from);
  from.time("to_us", into.to);
}

void read(line_fields& from, sight_lost& into) {
  from.number("connection", into.connection);
  from.time("at_us", into.at);
  from.text("why", into.why);
  from.number("bytes", into.bytes);
  from.number("events", into.events);
  from.optional_number("one_in", into.one_in);
  if (into.one_in == 0) from.fail("one_in", "is 0");
}

void read(line_fields& from, server_said& into) {
  from.text("key", into.key);
  from.number("pttl", into.pttl);
  from.text("maxmemory_policy", into.maxmemory_policy);
}

void read(line_fields& from, capture_ended& into) {
  from.time("at_us", into.at);
  from.number("bytes", into.bytes);
}

/// An empty record of the kind at `index` in the variant.
template <std::size_t... Kinds>
record record_at(std::size_t index, std::index_sequence<Kinds...> /*kinds*/) {
  record out;
  ((index == Kinds ? static_cast<void>(out.emplace<Kinds>()) : static_cast<void>(0)), ...);
  return out;
}

/// Whether brackets are nested deeper than any record of ours nests them. Looked at first, because
/// a parsed bracket takes a hundred times the memory of a written one.
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
  if (is_too_deep(line)) return refuse("the line nests deeper than a record does");
  const json whole = json::parse(line, nullptr, false);
  if (!whole.is_object()) return refuse("the line is no JSON object");
  const auto kind = whole.find("record");
  if (kind == whole.end() || !kind->is_string()) return refuse("the line names no \"record\"");
  const auto& name = kind->get_ref<const std::string&>();
  const auto* const found = std::find(record_names.begin(), record_names.end(), name);
  if (found == record_names.end()) {
    return refuse("a kind of record that this version does not know: " + base::escape(name, 40));
  }
  const auto index = static_cast<std::size_t>(found - record_names.begin());
  record out = record_at(index, std::make_index_sequence<record_names.size()>{});
  std::string why;
  line_fields from{whole, why};
  std::visit([&from](auto& one) { read(from, one); }, out);
  if (!why.empty()) return refuse(name + ": " + why);
  return out;
}

}  // namespace drover::audit
