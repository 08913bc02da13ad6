// SPDX-License-Identifier: MIT
#include "resp/scanner.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/assert.hpp"
#include "resp/numbers.hpp"

namespace drover::resp {
namespace {

constexpr unsigned mark_size = 4;  // the "txt:" of a verbatim string

constexpr std::uint8_t no_type = 0xFF;

constexpr auto types_by_byte = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_type);
  const auto set = [&table](char byte, type kind) {
    table[static_cast<unsigned char>(byte)] = static_cast<std::uint8_t>(kind);
  };
  set('+', type::simple_string);
  set('-', type::simple_error);
  set(':', type::integer);
  set('$', type::bulk_string);
  set('_', type::null);
  set('#', type::boolean);
  set(',', type::real);
  set('(', type::big_number);
  set('!', type::bulk_error);
  set('=', type::verbatim_string);
  set('*', type::array);
  set('%', type::map);
  set('~', type::set);
  set('|', type::attribute);
  set('>', type::push);
  return table;
}();

constexpr std::uint8_t type_of(char byte) noexcept {
  return types_by_byte[static_cast<unsigned char>(byte)];
}

constexpr std::string_view streamed_text = "streamed values are not supported";

constexpr std::string_view why_no_length(std::string_view text) noexcept {
  return text == "?" ? streamed_text : "a length or count is not a plain decimal number";
}

}  // namespace

scanner::scanner(limits within) noexcept : within_{within} {
  within_.line_max = std::min(within_.line_max, line_collector::line_max_max);
}

token scanner::next(std::string_view input) {
  // Filled in place, because copying a token that was just written would stall the hit path.
  token out;
  if (state_ == state::broken) {
    fail(error_, out);
  } else if (!input.empty()) {
    scan(input, out);
  }
  return out;
}

void scanner::scan(std::string_view input, token& out) {
  switch (state_) {
    case state::line: return scan_line(input, out);
    case state::mark: return scan_mark(input, out);
    case state::body: return scan_body(input, out);
    default: return scan_end(input, out);
  }
}

void scanner::scan_line(std::string_view input, token& out) {
  if (line_.is_empty() && type_of(input.front()) == no_type) {
    const bool streamed = input.front() == ';' || input.front() == '.';
    return fail(streamed ? streamed_text : "a value begins with a byte that is no RESP type", out);
  }
  const auto [status, consumed, line] = line_.take(input, within_.line_max);
  out.consumed = consumed;
  if (status == line_collector::outcome::partial) return;
  if (status == line_collector::outcome::too_long)
    return fail("a line is longer than the limit", out);
  if (line[line.size() - 2] != '\r') return fail("a line ends without a carriage return", out);
  if (message_bytes_ == 0) {
    is_too_large_ = false;
    is_push_ = type_of(line.front()) == static_cast<std::uint8_t>(type::push);
  }
  message_bytes_ += line.size();
  if (message_bytes_ > within_.message_max && !skips(message_bytes_)) {
    return fail("a message is longer than the limit", out);
  }

  out.depth = static_cast<std::uint32_t>(open_.size());
  out.value_type = static_cast<type>(type_of(line.front()));
  const std::string_view body = line.substr(1, line.size() - 3);
  switch (out.value_type) {
    case type::bulk_string:
    case type::bulk_error:
    case type::verbatim_string: return begin_bulk(body, input.substr(consumed), out);
    case type::array:
    case type::map:
    case type::set:
    case type::attribute:
    case type::push: return begin_aggregate(body, out);
    default: return scan_scalar(body, out);
  }
}

void scanner::scan_scalar(std::string_view body, token& out) {
  out.kind = token_kind::scalar;
  switch (out.value_type) {
    case type::simple_string:
    case type::simple_error:
      if (body.find('\r') != std::string_view::npos) {
        return fail("a line has a carriage return inside", out);
      }
      out.text = body;
      break;
    case type::integer: {
      const std::optional<std::int64_t> value = parse_integer(body);
      if (!value) return fail("an integer is malformed or has more than 64 bits", out);
      out.integer = *value;
      break;
    }
    case type::null:
      if (!body.empty()) return fail("a null has text", out);
      break;
    case type::boolean:
      if (body != "t" && body != "f") return fail("a boolean is neither t nor f", out);
      out.integer = body == "t" ? 1 : 0;
      break;
    case type::real:
      if (!is_real(body)) return fail("a double is malformed", out);
      out.text = body;
      break;
    default:
      DROVER_ASSERT(out.value_type == type::big_number);
      if (!is_big_number(body)) return fail("a big number is malformed", out);
      out.text = body;
      break;
  }
  end_value(out);
}

void scanner::scan_null(token& out) noexcept {
  out.kind = token_kind::scalar;
  out.value_type = type::null;
  end_value(out);
}

void scanner::begin_bulk(std::string_view length, std::string_view rest, token& out) {
  if (length == "-1" && out.value_type == type::bulk_string) return scan_null(out);
  const std::optional<std::int64_t> parsed = parse_length(length);
  if (!parsed) return fail(why_no_length(length), out);
  const auto size = static_cast<std::uint64_t>(*parsed);
  if (size > within_.bulk_max && !skips(size)) return fail("a bulk is longer than the limit", out);
  message_bytes_ += size + 2;
  if (message_bytes_ > within_.message_max && !skips(message_bytes_)) {
    return fail("a message is longer than the limit", out);
  }

  const bool marked = out.value_type == type::verbatim_string;
  if (!marked && rest.size() >= size + 2 && rest[size] == '\r' && rest[size + 1] == '\n') {
    out.kind = token_kind::scalar;
    out.text = rest.substr(0, size);
    out.consumed += size + 2;
    return end_value(out);
  }
  if (marked && size < mark_size) return fail("a verbatim string is too short for its mark", out);
  mark_left_ = marked ? mark_size : 0;
  bulk_left_ = size - mark_left_;
  bulk_kind_ = out.value_type;
  state_ = marked ? state::mark : state_of_body();
  out.kind = token_kind::bulk_begin;
  out.integer = static_cast<std::int64_t>(bulk_left_);
}

void scanner::begin_aggregate(std::string_view count, token& out) {
  if (count == "-1" && out.value_type == type::array) return scan_null(out);
  const std::optional<std::int64_t> parsed = parse_length(count);
  if (!parsed) return fail(why_no_length(count), out);
  const bool paired = out.value_type == type::map || out.value_type == type::attribute;
  const auto announced = static_cast<std::uint64_t>(*parsed);
  const std::uint64_t children = paired ? announced * 2 : announced;
  if (out.value_type == type::push) {
    is_push_ = true;  // also when an attribute precedes it
    if (is_too_large_) return fail("a message is longer than the limit", out);
  }
  const std::uint64_t room =
      within_.elements_max - std::min<std::uint64_t>(elements_, within_.elements_max);
  if (children > room && !skips(children)) {
    return fail("a message has more elements than the limit", out);
  }
  if (open_.size() >= within_.depth_max) {
    return fail("a message is nested deeper than the limit", out);
  }
  if (out.value_type == type::push) {
    if (out.depth > 0) return fail("a push is inside another value", out);
    if (announced == 0) return fail("a push is empty", out);
  }

  elements_ += children;
  out.kind = token_kind::aggregate;
  out.integer = static_cast<std::int64_t>(children);
  if (children > 0) {
    open_.push_back({children, out.value_type == type::attribute});
  } else if (out.value_type != type::attribute) {
    end_value(out);
  }
}

void scanner::scan_mark(std::string_view input, token& out) {
  const std::size_t count = std::min<std::size_t>(mark_left_, input.size());
  mark_left_ -= static_cast<unsigned>(count);
  out.consumed = count;
  if (mark_left_ > 0) return;
  if (input[count - 1] != ':') return fail("a verbatim string has no colon after its mark", out);
  state_ = state_of_body();
  if (count == input.size()) return;
  scan(input.substr(count), out);
  if (out.kind != token_kind::broken) out.consumed += count;
}

void scanner::scan_body(std::string_view input, token& out) noexcept {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bulk_left_, input.size()));
  bulk_left_ -= count;
  state_ = state_of_body();
  out.kind = token_kind::bulk_chunk;
  out.value_type = bulk_kind_;
  out.depth = static_cast<std::uint32_t>(open_.size());
  out.consumed = count;
  out.text = input.substr(0, count);
}

void scanner::scan_end(std::string_view input, token& out) noexcept {
  std::size_t count = 0;
  if (state_ == state::cr) {
    if (input.front() != '\r') return fail("a bulk is not followed by a line end", out);
    state_ = state::lf;
    out.consumed = count = 1;
    if (input.size() == 1) return;
  }
  if (input[count] != '\n') return fail("a bulk is not followed by a line end", out);
  state_ = state::line;
  out.kind = token_kind::bulk_end;
  out.value_type = bulk_kind_;
  out.depth = static_cast<std::uint32_t>(open_.size());
  out.consumed = count + 1;
  end_value(out);
}

void scanner::end_value(token& out) noexcept {
  while (!open_.empty()) {
    if (--open_.back().left > 0) return;
    const bool was_attribute = open_.back().attribute;
    open_.pop_back();
    // An attribute is not a value: the value that it precedes is still to come.
    if (was_attribute) return;
  }
  message_bytes_ = 0;
  elements_ = 0;
  out.ends_message = true;
}

// True when a message of `size` that exceeds a limit may be skipped. A push must not be skipped,
// because the change that it reports would go unnoticed.
bool scanner::skips(std::uint64_t size) noexcept {
  if (size > within_.skip_max || is_push_) return false;
  is_too_large_ = true;
  return true;
}

void scanner::fail(std::string_view why, token& out) noexcept {
  state_ = state::broken;
  error_ = why;
  out = token{};
  out.kind = token_kind::broken;
  out.text = why;
}

}  // namespace drover::resp
