// SPDX-License-Identifier: MIT
// Writes replies that were read. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "resp/message.hpp"

namespace drover::audit {

class reply_writer {
 public:
  /// `has_resp3`: the protocol of the connection, which decides how a null is written.
  reply_writer(std::string& out, bool has_resp3) noexcept : out_{out}, has_resp3_{has_resp3} {}

  /// The value with all its children.
  void write(const resp::view& value);
  /// The line before the children of an aggregate. `value` is an aggregate.
  void write_header(const resp::view& value);
  /// A text in the form of `like`: simple, bulk or verbatim.
  void write_text(const resp::view& like, std::string_view text);
  /// A number in the form of `like`: an integer or a text.
  void write_number(const resp::view& like, std::int64_t number);
  void write_bulk(std::string_view text);

 private:
  void write_line(char kind, std::string_view text);
  void write_sized(char kind, std::string_view prefix, std::string_view text);

  std::string& out_;
  bool has_resp3_;
};

}  // namespace drover::audit
