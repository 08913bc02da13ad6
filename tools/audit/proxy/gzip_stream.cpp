// SPDX-License-Identifier: MIT
#include "audit/proxy/gzip_stream.hpp"

#include <zlib.h>

#include <array>
#include <new>

namespace drover::audit {

gzip_stream::gzip_stream() : stream_{std::make_unique<z_stream>()} {
  constexpr int level = 6;
  constexpr int gzip_window_bits = 15 + 16;  // +16 selects the gzip format
  constexpr int memory_level = 8;
  if (deflateInit2(stream_.get(), level, Z_DEFLATED, gzip_window_bits, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc{};
  }
}

gzip_stream::~gzip_stream() { deflateEnd(stream_.get()); }

std::string gzip_stream::add(std::string_view text) {
  // zlib does not write to its input; its interface is older than const.
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream_->avail_in = static_cast<uInt>(text.size());
  return compress(Z_SYNC_FLUSH);
}

std::string gzip_stream::finish() {
  stream_->avail_in = 0;
  return compress(Z_FINISH);
}

std::string gzip_stream::compress(int flush) {
  std::string out;
  std::array<char, 16'384> slice{};
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(slice.data());
    stream_->avail_out = slice.size();
    deflate(stream_.get(), flush);
    out.append(slice.data(), slice.size() - stream_->avail_out);
  } while (stream_->avail_out == 0);
  return out;
}

}  // namespace drover::audit
