// SPDX-License-Identifier: MIT
// Requests as a server sees them: arrays of bulk strings, and inline commands. Pure, incremental,
// bounded; the result does not depend on the slicing. It can keep only a prefix of each argument,
// so that a proxy can forward the consumed bytes at once and still knows the request.
//
// Stricter than Redis in two points: every line and bulk must end in \r\n, and an inline command
// must not contain a zero byte.
// Threads: one at a time. A reader that has returned `broken` stays broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "resp/line_collector.hpp"

namespace drover::resp {

/// The limits of one request, and of the kept part. The first four are the defaults of Redis.
struct request_limits {
  std::size_t arguments_max = std::size_t{1} << 20U;
  std::size_t inline_max = std::size_t{64} << 10U;  ///< an inline command without its line end
  std::size_t bulk_max = std::size_t{512} << 20U;   ///< one argument
  std::size_t request_max = std::size_t{1} << 30U;  ///< all bytes of a request
  /// The number of bytes kept of each argument, and the number of arguments of which bytes are
  /// kept. The rest is only counted.
  std::size_t kept_bytes_max = std::numeric_limits<std::size_t>::max();
  std::size_t kept_arguments_max = std::numeric_limits<std::size_t>::max();
};

struct argument {
  std::size_t offset = 0;  ///< the offset of its kept bytes in request::text
  std::size_t kept = 0;    ///< the number of kept bytes
  std::size_t length = 0;  ///< its full length
};

/// The kept bytes of a request. While the request is incomplete, the last argument may still grow.
struct request {
  std::string text;
  std::vector<argument> arguments;  ///< at most kept_arguments_max
  std::size_t argument_count = 0;   ///< the number of all arguments, once it was announced
  std::size_t wire_size = 0;        ///< its bytes on the wire, once complete
  bool is_inline = false;

  /// The kept bytes of the i-th kept argument. Precondition: `i < arguments.size()`.
  [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept {
    return std::string_view{text}.substr(arguments[i].offset, arguments[i].kept);
  }
  void clear() noexcept;
};

/// Receives the bytes that are not kept of arguments of which a prefix is kept.
class skipped_bytes {
 public:
  virtual ~skipped_bytes() = default;
  /// The next `bytes` of the last argument in `current`; never empty.
  virtual void skip(const request& current, std::string_view bytes) = 0;
};

class request_reader {
 public:
  /// Lifetime: `skipped`, if there is one, outlives it.
  explicit request_reader(request_limits within = {}, skipped_bytes* skipped = nullptr) noexcept;

  enum class status : std::uint8_t { need_more, complete, broken };
  struct step {
    request_reader::status status = request_reader::status::need_more;
    std::size_t consumed = 0;  ///< the consumed bytes of the input; all of them for need_more
  };

  /// Reads from `input` into `into` until one request is complete or the input is used up. Begin
  /// each request with an empty `into`, and pass the same object until the request is complete.
  /// Blank lines and empty arrays are skipped.
  [[nodiscard]] step read(std::string_view input, request& into);

  /// True between requests: nothing of a next one has been consumed.
  [[nodiscard]] bool is_idle() const noexcept { return state_ == state::begin; }
  /// The reason of `broken`, for people; empty unless broken.
  [[nodiscard]] std::string_view error() const noexcept { return error_; }
  /// The number of bytes searched for line ends: at most the bytes that were consumed or refused.
  [[nodiscard]] std::uint64_t examined() const noexcept { return line_.examined(); }

 private:
  enum class state : std::uint8_t { begin, count, words, length, body, cr, lf, complete, broken };

  std::size_t advance(std::string_view input, request& into);
  std::size_t read_line(std::string_view input, std::size_t line_max, request& into);
  std::size_t read_body(std::string_view input, request& into);
  std::size_t expect(char byte, std::string_view input, state then);
  void begin_arguments(std::string_view text, request& into);
  void begin_argument(std::string_view text, request& into);
  void split_words(std::string_view line, request& into);
  void add_argument(std::size_t length, request& into);
  std::size_t fail(std::string_view why) noexcept;

  request_limits within_;
  skipped_bytes* skipped_;
  line_collector line_;
  std::string_view error_;
  std::uint64_t bytes_ = 0;  // the bytes of this request, including announced bytes
  std::size_t arguments_left_ = 0;
  std::size_t body_left_ = 0;
  std::size_t keep_left_ = 0;
  bool skips_ = false;  // the skipped bytes of the current argument are reported
  state state_ = state::begin;
};

}  // namespace drover::resp
