// SPDX-License-Identifier: MIT
// Reads any bytes as replies. The result must not depend on the slicing, every complete message
// must be well formed, and the reader must not keep more than the limits allow: a larger message
// breaks it, or is skipped where that is allowed. The low bits of the first byte give the number of
// slice sizes that follow it; the next bit says whether larger messages are skipped.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reader.hpp"

namespace {

using drover::resp::is_aggregate;
using drover::resp::limits;
using drover::resp::message;
using drover::resp::node;
using drover::resp::reader;
using drover::resp::type;

constexpr limits within{
    .depth_max = 5, .elements_max = 200, .bulk_max = 500, .line_max = 60, .message_max = 1000};
constexpr limits skipping{.depth_max = 5,
                          .elements_max = 20,
                          .bulk_max = 50,
                          .line_max = 60,
                          .message_max = 100,
                          .skip_max = 1000};

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", property);
  std::abort();
}

void append_number(std::string& out, std::uint64_t number) {
  out += std::to_string(number);
  out += ',';
}

// Walks the flat list with its own stack and checks it against the fields of the nodes.
void check(const message& complete) {
  struct frame {
    std::uint64_t left;
    std::size_t end;
  };
  std::vector<frame> open;
  std::size_t text_end = 0;
  require(!complete.empty(), "a complete message has nodes");
  require(complete.nodes.size() <= within.elements_max + 1, "elements within the limit");
  require(complete.text.size() <= within.message_max, "text within the limit");
  for (std::size_t i = 0; i < complete.nodes.size(); ++i) {
    const node& current = complete.nodes[i];
    require(i == 0 || !open.empty(), "only one root");
    require(current.depth == open.size(), "depth is the number of open aggregates");
    require(current.kind != type::attribute, "attributes are dropped");
    require(current.kind != type::push || i == 0, "a push is a root");
    require(current.offset == text_end, "texts follow one another");
    text_end += current.length;
    const bool parent = is_aggregate(current.kind);
    require(!parent || (current.integer >= 0 && current.length == 0), "aggregates have no text");
    require(current.subtree >= 1 && i + current.subtree <= complete.nodes.size(),
            "subtree in range");
    if (!open.empty()) {
      require(open.back().left > 0, "no more children than announced");
      --open.back().left;
      require(i + current.subtree <= open.back().end, "subtree within its parent's");
    }
    open.push_back({parent ? static_cast<std::uint64_t>(current.integer) : 0, i + current.subtree});
    while (!open.empty() && open.back().end == i + 1) {
      require(open.back().left == 0, "no fewer children than announced");
      open.pop_back();
    }
    require(!parent || current.integer > 0 || current.subtree == 1, "an empty aggregate is alone");
  }
  require(open.empty() && text_end == complete.text.size(), "nothing is left over");
}

void walk(const drover::resp::view& at, std::size_t& node_count, std::string& out) {
  ++node_count;
  append_number(out, static_cast<std::uint64_t>(at.kind()));
  append_number(out, static_cast<std::uint64_t>(at.integer()));
  out += at.text();
  for (std::size_t i = 0; i < at.size(); ++i) walk(at[i], node_count, out);
}

// Everything that the reader made of a stream, as one string.
std::string answer(const limits& bounds, std::string_view stream, std::string_view sizes) {
  reader subject{bounds};
  message into;
  std::string out;
  std::size_t position = 0;
  std::size_t turn = 0;
  while (position < stream.size() || turn == 0) {
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
      if (status == reader::status::broken) return out.append("broken ").append(subject.error());
      require(subject.error().empty(), "an error only when broken");
      require(into.text.size() <= bounds.message_max, "no more is kept than the limit");
      require(into.nodes.size() <= bounds.elements_max + 1, "no more is kept than the limit");
      if (status == reader::status::need_more) {
        require(slice.empty(), "consumes all when it needs more");
        break;
      }
      require(subject.is_idle(), "idle after a complete message");
      if (status == reader::status::skipped) {
        require(bounds.skip_max > 0 && into.empty(), "skips where it may, and keeps nothing");
        out += "skipped up to ";
        append_number(out, position);
        continue;
      }
      check(into);
      std::size_t node_count = 0;
      walk(into.root(), node_count, out);
      require(node_count == into.nodes.size(), "every node is reached");
      out += " up to ";
      append_number(out, position);
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
  const limits& bounds = (data[0] & 8U) == 0 ? within : skipping;
  if (size < 1 + chosen) return 0;
  const std::string_view stream = input.substr(1 + chosen);
  const std::string whole = answer(bounds, stream, {});
  require(answer(bounds, stream, "\x01") == whole, "byte by byte gives the same");
  require(answer(bounds, stream, input.substr(1, chosen)) == whole, "slices give the same");
  return 0;
}
