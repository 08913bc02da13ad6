// SPDX-License-Identifier: MIT
// Feeds arbitrary bytes to a conversation. The result must not depend on the size of the slices,
// times and sequence numbers must rise, and every record must survive writing and reading. The
// first byte of the input is the size of the slices. Then follow pieces, each with one byte in
// front: its highest bit selects client or server, the other bits are the length of the piece.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "audit/capture/conversation.hpp"
#include "audit/capture/record_text.hpp"

namespace {

using drover::audit::capture;
using drover::audit::conversation;
using drover::audit::event;
using drover::audit::moment;
using drover::audit::record;
using drover::audit::sight_lost;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", rule);
  std::abort();
}

class writing_sink final : public drover::audit::record_sink {
 public:
  void take(record& item) override {
    if (auto* const command = std::get_if<event>(&item)) {
      require(command->done >= command->sent, "answered after it was asked");
      require(command->sequence == ++events, "numbers rise one by one");
      require(command->arguments.size() <= command->argument_count, "no more than there are");
      command->batch = 0;  // depends on the slices
    }
    if (auto* const lost = std::get_if<sight_lost>(&item)) lost->bytes = 0;
    const std::size_t from = text.size();
    drover::audit::append_line(text, item);
    require(drover::audit::read_line(std::string_view{text}.substr(from)).has_value(),
            "what is written can be read");
  }

  std::string text;
  std::uint64_t events = 0;
};

std::string answer(std::string_view input, std::size_t slice_max) {
  writing_sink sink;
  capture subject{{.hash_key = {1, 2}, .waiting_bytes_max = 20'000}, sink};
  conversation talk{subject, {.connection = 1, .at = {}, .pid = 0, .process = {}}};
  moment now{};
  std::size_t fed_bytes = 0;
  while (!input.empty()) {
    const auto head = static_cast<unsigned char>(input[0]);
    input.remove_prefix(1);
    std::string_view piece = input.substr(0, head & 0x7FU);
    input.remove_prefix(piece.size());
    now += moment{1};
    while (!piece.empty()) {
      const std::string_view slice = piece.substr(0, slice_max);
      piece.remove_prefix(slice.size());
      fed_bytes += slice.size();
      if ((head & 0x80U) == 0) {
        talk.client_sent(slice, now);
      } else {
        talk.server_sent(slice, now);
      }
    }
  }
  talk.closed(now, true);
  require(subject.bytes() == fed_bytes, "every byte is counted");
  return sink.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::string whole = answer(input, input.size());
  require(answer(input, 1) == whole, "byte by byte gives the same");
  require(answer(input, 1U + data[0] % 20U) == whole, "slices give the same");
  return 0;
}
