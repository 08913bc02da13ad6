// SPDX-License-Identifier: MIT
#include "resp/request_reader.hpp"

#include <algorithm>
#include <optional>

#include "resp/inline_command.hpp"
#include "resp/numbers.hpp"

namespace drover::resp {
namespace {

constexpr std::size_t count_line_max = 32;  // the longest valid line is a type byte and 18 digits

}  // namespace

void request::clear() noexcept {
  text.clear();
  arguments.clear();
  argument_count = 0;
  wire_size = 0;
  is_inline = false;
}

request_reader::request_reader(request_limits within, skipped_bytes* skipped) noexcept
    : within_{within}, skipped_{skipped} {
  within_.inline_max = std::min(within_.inline_max, line_collector::line_max_max);
}

request_reader::step request_reader::read(std::string_view input, request& into) {
  std::size_t used = 0;
  while (state_ != state::broken) {
    if (used == input.size()) return {status::need_more, used};
    used += advance(input.substr(used), into);
    if (state_ == state::complete) {
      state_ = state::begin;
      into.wire_size = static_cast<std::size_t>(bytes_);
      bytes_ = 0;
      return {status::complete, used};
    }
  }
  return {status::broken, used};
}

std::size_t request_reader::advance(std::string_view input, request& into) {
  switch (state_) {
    case state::begin: state_ = input.front() == '*' ? state::count : state::words; return 0;
    case state::count: return read_line(input, count_line_max, into);
    case state::words: return read_line(input, within_.inline_max, into);
    case state::length:
      if (line_.is_empty() && input.front() != '$') {
        return fail("an argument does not begin with $");
      }
      return read_line(input, count_line_max, into);
    case state::body: return read_body(input, into);
    case state::cr: return expect('\r', input, state::lf);
    default: return expect('\n', input, arguments_left_ > 0 ? state::length : state::complete);
  }
}

std::size_t request_reader::read_line(std::string_view input, std::size_t line_max, request& into) {
  const auto [line_status, consumed, line] = line_.take(input, line_max);
  if (line_status == line_collector::outcome::partial) return consumed;
  if (line_status == line_collector::outcome::too_long)
    return fail("a line is longer than the limit");
  bytes_ += line.size();
  if (bytes_ > within_.request_max) return fail("a request is longer than the limit");

  std::string_view body = line.substr(0, line.size() - 1);
  const bool returned = body.ends_with('\r');
  if (returned) body.remove_suffix(1);
  if (state_ == state::words) {
    split_words(body, into);
  } else if (!returned) {
    return fail("a line ends without a carriage return");
  } else if (state_ == state::count) {
    begin_arguments(body.substr(1), into);
  } else {
    begin_argument(body.substr(1), into);
  }
  return state_ == state::broken ? 0 : consumed;
}

void request_reader::begin_arguments(std::string_view text, request& into) {
  const bool negative = text.starts_with('-');
  const std::optional<std::int64_t> count = parse_length(negative ? text.substr(1) : text);
  if (!count || (negative && *count == 0)) {
    fail("a number of arguments is malformed");
  } else if (negative || *count == 0) {
    bytes_ = 0;
    state_ = state::begin;
  } else if (static_cast<std::uint64_t>(*count) > within_.arguments_max) {
    fail("a request has more arguments than the limit");
  } else {
    arguments_left_ = static_cast<std::size_t>(*count);
    into.argument_count = arguments_left_;
    state_ = state::length;
  }
}

void request_reader::begin_argument(std::string_view text, request& into) {
  const std::optional<std::int64_t> parsed = parse_length(text);
  if (!parsed) {
    fail("the length of an argument is malformed");
    return;
  }
  const auto length = static_cast<std::uint64_t>(*parsed);
  if (length > within_.bulk_max) {
    fail("an argument is longer than the limit");
    return;
  }
  bytes_ += length + 2;
  if (bytes_ > within_.request_max) {
    fail("a request is longer than the limit");
    return;
  }
  body_left_ = static_cast<std::size_t>(length);
  --arguments_left_;
  state_ = body_left_ > 0 ? state::body : state::cr;
  add_argument(body_left_, into);
}

void request_reader::add_argument(std::size_t length, request& into) {
  keep_left_ = 0;
  skips_ = skipped_ != nullptr && into.arguments.size() < within_.kept_arguments_max;
  if (into.arguments.size() >= within_.kept_arguments_max) return;
  keep_left_ = std::min(length, within_.kept_bytes_max);
  into.arguments.push_back({into.text.size(), 0, length});
}

std::size_t request_reader::read_body(std::string_view input, request& into) {
  const std::size_t count = std::min(body_left_, input.size());
  const std::size_t kept = std::min(keep_left_, count);
  if (kept > 0) {
    into.text.append(input.data(), kept);
    into.arguments.back().kept += kept;
    keep_left_ -= kept;
  }
  if (skips_ && kept < count) skipped_->skip(into, input.substr(kept, count - kept));
  body_left_ -= count;
  if (body_left_ == 0) state_ = state::cr;
  return count;
}

std::size_t request_reader::expect(char byte, std::string_view input, state then) {
  if (input.front() != byte) return fail("an argument is not followed by a line end");
  state_ = then;
  return 1;
}

void request_reader::split_words(std::string_view line, request& into) {
  if (line.size() > within_.inline_max) {
    fail("a line is longer than the limit");
    return;
  }
  if (line.find('\0') != std::string_view::npos) {
    fail("an inline command has a zero byte");
    return;
  }
  const auto words = split_inline(line);
  if (!words) {
    fail("the quotes of an inline command are unbalanced");
    return;
  }
  if (words->empty()) {
    bytes_ = 0;
    state_ = state::begin;
    return;
  }
  if (words->size() > within_.arguments_max) {
    fail("a request has more arguments than the limit");
    return;
  }
  for (const std::string& word : *words) {
    add_argument(word.size(), into);
    body_left_ = word.size();
    if (body_left_ > 0) read_body(word, into);
  }
  into.argument_count = words->size();
  into.is_inline = true;
  state_ = state::complete;
}

std::size_t request_reader::fail(std::string_view why) noexcept {
  state_ = state::broken;
  error_ = why;
  return 0;
}

}  // namespace drover::resp
