// SPDX-License-Identifier: MIT
// Shared by the tests of this layer: comparable results of a reader, and functions that cut bytes
// into slices. For tests only.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/printing.hpp"
#include "resp/reader.hpp"
#include "resp/request_reader.hpp"

namespace drover::resp::testing {

/// Everything that a reader made of a stream of bytes. It must not depend on the slicing.
struct answer {
  std::vector<std::string> messages;  // as texts of `describe`
  std::string error;
  std::size_t consumed = 0;  // the bytes up to the end of the last complete message
  bool idle = true;

  bool operator==(const answer&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const answer& result) {
  for (const std::string& text : result.messages) out << text << '\n';
  return out << "consumed " << result.consumed << (result.idle ? " idle " : " busy ")
             << result.error;
}

/// A value as one line: the type bytes of RESP, escaped texts, children in brackets.
inline std::string describe(const view& value) {
  constexpr std::string_view marks = "+-:$_#,(!=*%~|>";
  std::string out{marks[static_cast<std::size_t>(value.kind())]};
  if (is_aggregate(value.kind())) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ' ';
      out += describe(value[i]);
    }
    return out + ']';
  }
  if (value.kind() == type::integer || value.kind() == type::boolean) {
    return out + std::to_string(value.integer());
  }
  return out + base::escape(value.text(), std::string::npos);
}

/// Lets `subject` read the slices one after another, as a connection does.
inline answer answer_of(reader subject, const std::vector<std::string_view>& slices) {
  answer out;
  message into;
  std::size_t position = 0;
  for (std::string_view slice : slices) {
    while (out.error.empty()) {
      const auto [status, consumed] = subject.read(slice, into);
      slice.remove_prefix(consumed);
      position += consumed;
      if (status == reader::status::broken) out.error = subject.error();
      if (status != reader::status::complete) break;
      out.messages.push_back(describe(into.root()));
      out.consumed = position;
      into.clear();
    }
  }
  out.idle = out.error.empty() && subject.is_idle();
  return out;
}

/// The same for requests: kept bytes with | between the arguments, then the size on the wire.
struct request_answer {
  std::vector<std::string> requests;
  std::string error;
  std::size_t consumed = 0;
  bool idle = true;

  bool operator==(const request_answer&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const request_answer& printed) {
  for (const std::string& text : printed.requests) out << text << '\n';
  return out << "consumed " << printed.consumed << (printed.idle ? " idle " : " busy ")
             << printed.error;
}

inline std::string describe(const request& printed) {
  std::string out = printed.is_inline ? "inline " : "";
  for (std::size_t i = 0; i < printed.arguments.size(); ++i) {
    if (i > 0) out += '|';
    out += base::escape(printed[i], std::string::npos);
  }
  return out + " (" + std::to_string(printed.wire_size) + ')';
}

inline request_answer request_answer_of(request_reader subject,
                                        const std::vector<std::string_view>& slices) {
  request_answer out;
  request into;
  std::size_t position = 0;
  for (std::string_view slice : slices) {
    while (out.error.empty()) {
      const auto [status, consumed] = subject.read(slice, into);
      slice.remove_prefix(consumed);
      position += consumed;
      if (status == request_reader::status::broken) out.error = subject.error();
      if (status != request_reader::status::complete) break;
      out.requests.push_back(describe(into));
      out.consumed = position;
      into.clear();
    }
  }
  out.idle = out.error.empty() && subject.is_idle();
  return out;
}

/// `input` in slices of `size` bytes.
inline std::vector<std::string_view> cut(std::string_view input, std::size_t size) {
  std::vector<std::string_view> slices;
  for (std::size_t from = 0; from < input.size(); from += size) {
    slices.push_back(input.substr(from, size));
  }
  return slices;
}

inline std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (; times > 0; --times) out += text;
  return out;
}

/// Complete replies of all types.
inline const std::vector<std::string_view>& valid_replies() {
  using namespace std::string_view_literals;
  static const std::vector<std::string_view> all{
      "+OK\r\n",
      "-NOSCRIPT No matching script\r\n",
      ":42\r\n",
      "$-1\r\n",
      "$0\r\n\r\n",
      "$11\r\nhello\r\nworl\r\n",
      "*-1\r\n",
      "_\r\n",
      "#t\r\n",
      ",1.5e3\r\n",
      "(123456789012345678901234567890\r\n",
      "!9\r\nERR wrong\r\n",
      "=8\r\ntxt:abcd\r\n",
      "*3\r\n$3\r\nHIT\r\n:12\r\n$4\r\n\0\r\n\xff\r\n"sv,
      "%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n",
      "~2\r\n+a\r\n*1\r\n*1\r\n:1\r\n",
      ">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nkey\r\n",
      "|1\r\n+ttl\r\n:3600\r\n$2\r\nab\r\n",
      "*2\r\n|1\r\n+a\r\n*2\r\n:1\r\n:2\r\n=4\r\nmkd:\r\n%1\r\n_\r\n_\r\n",
  };
  return all;
}

}  // namespace drover::resp::testing
