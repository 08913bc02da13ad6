// SPDX-License-Identifier: MIT
// The head of an HTTP request, read in slices of any size. The server of the metrics answers one
// request on each connection and ignores bodies, so this is all that it reads. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace drover::audit {

class request_head {
 public:
  enum class state : std::uint8_t { incomplete, complete, malformed, too_long };

  /// Bytes of the request line and all header lines.
  static constexpr std::size_t bytes_max = 8192;

  /// Adds bytes of the client. Bytes after the head are ignored. The result does not depend on how
  /// the bytes are sliced.
  state add(std::string_view bytes);

  /// Only for a complete head. The path has no query.
  [[nodiscard]] std::string_view method() const;
  [[nodiscard]] std::string_view path() const;

 private:
  [[nodiscard]] bool is_well_formed() const;

  std::string head_;
  std::size_t line_from_ = 0;  // the beginning of the last line
  state state_ = state::incomplete;
};

/// The reply to a request. `text` is the reply to GET /metrics.
[[nodiscard]] std::string reply_to(const request_head& request, request_head::state state,
                                   std::string_view text);

}  // namespace drover::audit
