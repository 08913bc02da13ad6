// SPDX-License-Identifier: MIT
// Text into gzip's format, piece by piece: what was given so far can always be read back from what
// came out so far. Threads: one at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace drover::audit {

class gzip_stream {
 public:
  /// Throws std::bad_alloc when there is no memory for it.
  gzip_stream();
  ~gzip_stream();
  gzip_stream(const gzip_stream&) = delete;
  gzip_stream& operator=(const gzip_stream&) = delete;

  [[nodiscard]] std::string add(std::string_view text);
  /// Its end. Nothing may be added behind it.
  [[nodiscard]] std::string finish();

 private:
  std::string taken(int how_far);

  std::unique_ptr<z_stream_s> stream_;
};

}  // namespace drover::audit
