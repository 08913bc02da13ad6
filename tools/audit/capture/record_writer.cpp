// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <cstdint>
#include <type_traits>

#include "audit/capture/record_names.hpp"
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

void append_hash(std::string& out, std::uint64_t hash) {
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

/// One object: its members go out as they are named.
class object {
 public:
  explicit object(std::string& out) : out_{out} { out_ += '{'; }
  ~object() { out_ += '}'; }
  object(const object&) = delete;
  object& operator=(const object&) = delete;

  std::string& name(std::string_view text) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += text;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view named, std::string_view value) { append_text(name(named), value); }
  template <class Integer>
  requires std::is_integral_v<Integer>
  void number(std::string_view named, Integer value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    name(named).append(digits.data(), end);
  }
  void time(std::string_view named, moment value) { number(named, value.count()); }
  void flag(std::string_view named, bool value) { name(named) += value ? "true" : "false"; }

 private:
  std::string& out_;
  bool first_ = true;
};

template <class Range, class Each>
void append_list(std::string& out, const Range& all, Each&& each) {
  out += '[';
  bool first = true;
  for (const auto& one : all) {
    if (!first) out += ',';
    first = false;
    each(one);
  }
  out += ']';
}

void append_texts(std::string& out, const std::vector<std::string>& all) {
  append_list(out, all, [&out](const std::string& one) { append_text(out, one); });
}

void write(object& into, const digest& of) {
  append_hash(into.name("hash"), of.hash);
  into.number("bytes", of.length);
  into.text("looks", name_in(shape_names, of.looks));
}

void append_field(std::string& out, const field& one) {
  if (one.kind == field_kind::word) return append_text(out, one.text);
  object into{out};
  if (one.kind == field_kind::key) into.text("key", one.text);
  write(into, one.of);
}

void write(object& into, const reply_item& one) {
  into.text("is", name_in(reply_names, one.kind));
  switch (one.kind) {
    case reply_kind::integer: into.number("value", one.integer); break;
    case reply_kind::aggregate: into.number("count", one.integer); break;
    case reply_kind::status:
    case reply_kind::error: into.text("word", one.word); break;
    case reply_kind::text: write(into, one.of); break;
    default: break;
  }
}

void append_reply(std::string& out, const reply& whole) {
  object into{out};
  write(into, whole);
  if (whole.kind != reply_kind::aggregate) return;
  append_list(into.name("items"), whole.items, [&out](const reply_item& one) {
    object item{out};
    write(item, one);
  });
}

void write(object& into, const capture_begun& one) {
  into.number("version", one.version);
  into.text("tool", one.tool);
  into.number("unix_ms", one.unix_ms);
  into.flag("keys_hidden", one.keys_hidden);
  into.flag("active", one.active);
}

void write(object& into, const connection_opened& one) {
  into.number("connection", one.connection);
  into.time("at_us", one.at);
  into.number("pid", one.pid);
  into.text("process", one.process);
}

void write(object& into, const connection_named& one) {
  into.number("connection", one.connection);
  into.text("name", one.name);
  into.text("library", one.library);
  into.text("library_version", one.library_version);
}

void write(object& into, const connection_closed& one) {
  into.number("connection", one.connection);
  into.time("at_us", one.at);
  into.flag("by_client", one.by_client);
}

void write(object& into, const script_seen& one) {
  into.text("script", one.script);
  into.text("known_as", one.known_as);
  into.text("does", name_in(purpose_names, one.does));
  into.text("success", name_in(success_names, one.says));
  into.number("token_argument", one.token_argument);
  into.number("ttl_argument", one.ttl_argument);
  into.number("value_argument", one.value_argument);
  into.flag("ttl_in_seconds", one.ttl_in_seconds);
  append_texts(into.name("calls"), one.calls);
}

void write(object& into, const event& one) {
  into.number("sequence", one.sequence);
  into.number("connection", one.connection);
  into.number("database", one.database);
  into.number("batch", one.batch);
  if (one.transaction != 0) into.number("transaction", one.transaction);
  if (!one.executed) into.flag("executed", false);
  into.time("sent_us", one.sent);
  into.time("done_us", one.done);
  into.text("command", one.command);
  std::string& out = into.name("arguments");
  append_list(out, one.arguments, [&out](const field& each) { append_field(out, each); });
  into.number("argument_count", one.argument_count);
  if (!one.script.empty()) into.text("script", one.script);
  append_reply(into.name("reply"), one.answer);
}

void write(object& into, const push_received& one) {
  into.number("connection", one.connection);
  into.time("at_us", one.at);
  into.text("what", one.kind);
  append_texts(into.name("names"), one.names);
}

void write(object& into, const origin_loads& one) {
  into.time("at_us", one.at);
  into.number("count", one.count);
  into.text("key", one.key);
  into.text("source", one.source);
}

void write(object& into, const tool_acted& one) {
  into.text("did", name_in(act_names, one.did));
  into.text("key", one.key);
  into.time("from_us", one.from);
  into.time("to_us", one.to);
}

void write(object& into, const sight_lost& one) {
  into.number("connection", one.connection);
  into.time("at_us", one.at);
  into.text("why", one.why);
  into.number("bytes", one.bytes);
  into.number("events", one.events);
  if (one.one_in != 1) into.number("one_in", one.one_in);
}

void write(object& into, const server_said& one) {
  into.text("key", one.key);
  into.number("pttl", one.pttl);
  into.text("maxmemory_policy", one.maxmemory_policy);
}

void write(object& into, const capture_ended& one) {
  into.time("at_us", one.at);
  into.number("bytes", one.bytes);
}

}  // namespace

void append_line(std::string& out, const record& one) {
  {
    object into{out};
    into.text("record", record_names[one.index()]);
    std::visit([&into](const auto& whole) { write(into, whole); }, one);
  }
  out += '\n';
}

}  // namespace drover::audit
