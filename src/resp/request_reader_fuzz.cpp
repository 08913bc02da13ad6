// SPDX-License-Identifier: MIT
// Reads any bytes as requests. The result must not depend on the slicing, the kept bytes must agree
// with the counts, and a request must not change when it is written and read again. The first byte
// of the input gives the number of slice sizes that follow it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "resp/request_reader.hpp"
#include "resp/writer.hpp"

namespace {

using drover::resp::request;
using drover::resp::request_limits;
using drover::resp::request_reader;

constexpr request_limits all_kept{
    .arguments_max = 50, .inline_max = 100, .bulk_max = 500, .request_max = 1000};

constexpr request_limits prefix_kept = [] {
  request_limits few = all_kept;
  few.kept_bytes_max = 3;
  few.kept_arguments_max = 2;
  return few;
}();

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", property);
  std::abort();
}

void check(const request& complete, const request_limits& within) {
  require(complete.argument_count >= 1, "a request has arguments");
  require(complete.argument_count <= within.arguments_max, "arguments within the limit");
  require(complete.wire_size <= within.request_max, "size within the limit");
  require(complete.arguments.size() == std::min(complete.argument_count, within.kept_arguments_max),
          "as many arguments are kept as may be");
  std::size_t end = 0;
  for (const auto& argument : complete.arguments) {
    require(argument.offset == end, "kept bytes follow one another");
    require(argument.kept == std::min(argument.length, within.kept_bytes_max),
            "as much as may be is kept");
    end += argument.kept;
  }
  require(end == complete.text.size(), "nothing is left over");
}

void check_round_trip(const request& complete) {
  std::vector<std::string_view> arguments;
  for (std::size_t i = 0; i < complete.arguments.size(); ++i) arguments.push_back(complete[i]);
  std::string wire;
  drover::resp::write_command(wire, arguments);
  request_reader again;
  request into;
  const auto [status, consumed] = again.read(wire, into);
  require(status == request_reader::status::complete && consumed == wire.size(),
          "written, then read");
  require(into.text == complete.text && into.wire_size == wire.size(), "the same comes back");
  require(complete.is_inline || complete.wire_size == wire.size(), "there is one way to write it");
}

// Everything that the reader made of a stream, as one string.
std::string answer(std::string_view stream, std::string_view sizes, const request_limits& within) {
  request_reader subject{within};
  request into;
  std::string out;
  std::size_t position = 0;
  std::size_t turn = 0;
  while (position < stream.size()) {
    std::size_t size = stream.size();
    if (!sizes.empty()) size = static_cast<unsigned char>(sizes[turn % sizes.size()]) % 20U;
    if (turn > 4 * stream.size()) size = stream.size();  // all sizes may be zero
    ++turn;
    std::string_view slice = stream.substr(position, size);
    for (;;) {
      const auto [status, consumed] = subject.read(slice, into);
      require(consumed <= slice.size(), "consumes no more than there is");
      position += consumed;
      slice.remove_prefix(consumed);
      if (status == request_reader::status::broken) {
        return out.append("broken ").append(subject.error());
      }
      require(subject.error().empty(), "an error only when broken");
      if (status == request_reader::status::need_more) {
        require(slice.empty(), "consumes all when it needs more");
        break;
      }
      require(subject.is_idle(), "idle after a complete request");
      check(into, within);
      if (within.kept_arguments_max > within.arguments_max) check_round_trip(into);
      for (std::size_t i = 0; i < into.arguments.size(); ++i) {
        out += std::to_string(into.arguments[i].length) + ':';
        out += into[i];
      }
      out += " up to " + std::to_string(position) + (into.is_inline ? " inline\n" : "\n");
      into.clear();
    }
  }
  return out + (subject.is_idle() ? "idle" : "busy");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const std::size_t chosen = data[0] % 8U;
  if (size < 1 + chosen) return 0;
  const std::string_view stream = input.substr(1 + chosen);
  for (const request_limits& within : {all_kept, prefix_kept}) {
    const std::string whole = answer(stream, {}, within);
    require(answer(stream, "\x01", within) == whole, "byte by byte gives the same");
    require(answer(stream, input.substr(1, chosen), within) == whole, "slices give the same");
  }
  return 0;
}
