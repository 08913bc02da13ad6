// SPDX-License-Identifier: MIT
// Compresses text with gzip, piece by piece. The output so far always contains the whole input so
// far. Threads: one at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace drover::audit {

class gzip_stream {
 public:
  /// Throws std::bad_alloc.
  gzip_stream();
  ~gzip_stream();
  gzip_stream(const gzip_stream&) = delete;
  gzip_stream& operator=(const gzip_stream&) = delete;

  [[nodiscard]] std::string add(std::string_view text);
  /// The end of the stream. `add` must not be called afterwards.
  [[nodiscard]] std::string finish();

 private:
  std::string compress(int flush);

  std::unique_ptr<z_stream_s> stream_;
};

}  // namespace drover::audit
