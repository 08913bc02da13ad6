// SPDX-License-Identifier: MIT
#include "audit/topology/reply_writer.hpp"

namespace drover::audit {

using resp::type;

void reply_writer::write_line(char kind, std::string_view text) {
  out_ += kind;
  out_ += text;
  out_ += "\r\n";
}

void reply_writer::write_sized(char kind, std::string_view prefix, std::string_view text) {
  write_line(kind, std::to_string(prefix.size() + text.size()));
  out_ += prefix;
  out_ += text;
  out_ += "\r\n";
}

void reply_writer::write_bulk(std::string_view text) { write_sized('$', "", text); }

void reply_writer::write_text(const resp::view& like, std::string_view text) {
  switch (like.kind()) {
    case type::simple_string: return write_line('+', text);
    case type::simple_error: return write_line('-', text);
    case type::bulk_error: return write_sized('!', "", text);
    case type::verbatim_string: return write_sized('=', "txt:", text);
    default: return write_bulk(text);
  }
}

void reply_writer::write_number(const resp::view& like, std::int64_t number) {
  const std::string text = std::to_string(number);
  if (like.kind() == type::integer) return write_line(':', text);
  write_text(like, text);
}

void reply_writer::write_header(const resp::view& value) {
  const std::size_t count = value.kind() == type::map ? value.size() / 2 : value.size();
  char kind = '*';
  if (value.kind() == type::map) kind = '%';
  if (value.kind() == type::set) kind = '~';
  if (value.kind() == type::push) kind = '>';
  write_line(kind, std::to_string(count));
}

void reply_writer::write(const resp::view& value) {
  switch (value.kind()) {
    case type::null: out_ += has_resp3_ ? "_\r\n" : "$-1\r\n"; return;
    case type::integer: return write_number(value, value.integer());
    case type::boolean: return write_line('#', value.integer() != 0 ? "t" : "f");
    case type::real: return write_line(',', value.text());
    case type::big_number: return write_line('(', value.text());
    default: break;
  }
  if (!resp::is_aggregate(value.kind())) return write_text(value, value.text());
  write_header(value);
  for (std::size_t i = 0; i < value.size(); ++i) write(value[i]);
}

}  // namespace drover::audit
