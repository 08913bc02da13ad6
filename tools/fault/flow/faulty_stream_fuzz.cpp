// SPDX-License-Identifier: MIT
// Any bytes of both peers: with a script that selects nothing, all of them pass unchanged; with
// faults, nothing is delivered after the end of the connection. The first two bytes of the input
// say where the client's bytes end.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fault/flow/faulty_stream.hpp"
#include "fault/plan/spec_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace drover::faults;

void require(bool holds) {
  if (!holds) std::abort();
}

class counting_sink final : public injection_sink {
 public:
  void injected(injection event) override { require(event.request > 0); }
  void passes_unchanged(std::uint64_t, const std::string& reason) override {
    require(!reason.empty());
  }
  void request_read() override {}
};

struct delivered_bytes {
  std::string to_server;
  std::string to_client;
};

delivered_bytes play(std::string_view script, std::string_view requests, std::string_view replies) {
  decider decisions{std::get<std::vector<fault_spec>>(parse_script(script)), 1};
  counting_sink sink;
  faulty_stream stream{decisions, 1, sink};
  delivered_bytes delivered;
  microseconds now{0};
  while (!requests.empty() || !replies.empty()) {
    const std::size_t sent = std::min<std::size_t>(requests.size(), 13);
    stream.client_sent(requests.substr(0, sent), now);
    requests.remove_prefix(sent);
    const std::size_t answered = std::min<std::size_t>(replies.size(), 17);
    stream.server_sent(replies.substr(0, answered), now);
    replies.remove_prefix(answered);
    now += std::chrono::seconds{1};
    for (std::string bytes = stream.take_for_server(now); !bytes.empty();
         bytes = stream.take_for_server(now)) {
      delivered.to_server += bytes;
    }
    for (std::string bytes = stream.take_for_client(now); !bytes.empty();
         bytes = stream.take_for_client(now)) {
      delivered.to_client += bytes;
    }
    if (stream.how_it_ends() != ending::none && stream.is_delivered()) {
      require(!stream.next_at().has_value());
    }
  }
  return delivered;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};
  const std::size_t split = std::min<std::size_t>(bytes.size(), data[0] * 256U + data[1]);
  const std::string_view requests = bytes.substr(0, split);
  const std::string_view replies = bytes.substr(split);
  const delivered_bytes plain = play("drop connection=2", requests, replies);
  require(plain.to_client == replies);
  require(requests.starts_with(plain.to_server));
  play(
      "delay time=1ms every=2\ndelay time=1ms of=request every=3\nslice size=3 every=3\npush "
      "every=4\nduplicate every=5\n"
      "drop every=3\nerror code=OOM every=7\ncut nth=40\n",
      requests, replies);
  play("reset executed=yes nth=4\nhalf-open nth=9\nerror text=E executed=yes", requests, replies);
  return 0;
}
