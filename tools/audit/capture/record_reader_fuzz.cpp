// SPDX-License-Identifier: MIT
// Reads arbitrary bytes as a recording. The result must not depend on the size of the slices, and
// records that were read must survive writing and reading. The first byte of the input is the size
// of the slices.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/capture/record_reader.hpp"
#include "audit/capture/record_text.hpp"

namespace {

using drover::audit::record;
using drover::audit::record_reader;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", rule);
  std::abort();
}

class rewriting_sink final : public drover::audit::record_sink {
 public:
  void take(record& item) override {
    const std::size_t from = text.size();
    drover::audit::append_line(text, item);
    const auto again = drover::audit::read_line(std::string_view{text}.substr(from));
    require(again.has_value(), "what is written can be read");
    std::string same;
    drover::audit::append_line(same, *again);
    require(same == std::string_view{text}.substr(from), "and is the same");
  }

  std::string text;
};

std::string answer(std::string_view recording, std::size_t size) {
  record_reader reader;
  rewriting_sink sink;
  drover::result<void> read;
  for (std::size_t at = 0; at < recording.size() && read; at += size) {
    read = reader.read(recording.substr(at, size), sink);
  }
  if (read) read = reader.finish(sink);
  return sink.text + (read ? (reader.is_cut() ? "cut" : "whole") : read.error().text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view recording{reinterpret_cast<const char*>(data) + 1, size - 1};
  require(answer(recording, recording.size()) == answer(recording, 1U + data[0]),
          "slices give the same");
  return 0;
}
