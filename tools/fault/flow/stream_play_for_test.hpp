// SPDX-License-Identifier: MIT
// A connection through a fault script without sockets, and a server that answers every request with
// a reply that names it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fault/flow/faulty_stream.hpp"
#include "fault/plan/fault_kinds.hpp"
#include "fault/plan/spec_parser.hpp"
#include "resp/request_reader.hpp"
#include "resp/writer.hpp"

namespace drover::faults {

class recording_sink : public injection_sink {
 public:
  void injected(injection event) override { events.push_back(std::move(event)); }
  void passes_unchanged(std::uint64_t, const std::string& reason) override {
    reasons.push_back(reason);
  }
  void request_read() override { ++requests; }

  /// "drop 2, cut 3 at 4": the kind and the request of each event.
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const injection& event : events) {
      all += (all.empty() ? "" : ", ") + std::string{name_of(event.kind)} + ' ' +
             std::to_string(event.request);
      if (event.bytes) all += " at " + std::to_string(*event.bytes);
    }
    return all;
  }

  std::vector<injection> events;
  std::vector<std::string> reasons;
  std::uint64_t requests = 0;
};

inline std::string command_bytes(std::initializer_list<std::string_view> words) {
  std::string bytes;
  resp::write_command(bytes, words);
  return bytes;
}

/// Everything is delivered at once unless the test moves the time.
class stream_play {
 public:
  explicit stream_play(const std::string& script, std::uint64_t seed = 1)
      : decisions_{std::get<std::vector<fault_spec>>(parse_script(script)), seed},
        stream_{decisions_, 1, sink} {}

  void client_sends(std::string_view bytes) {
    stream_.client_sent(bytes, now);
    forward();
    deliver();
  }
  void server_sends(std::string_view bytes) {
    stream_.server_sent(bytes, now);
    deliver();
  }
  /// Sends a GET of the key and has the server answer it, if it gets the request.
  void get(const std::string& key) {
    client_sends(command_bytes({"GET", key}));
    serve();
  }
  /// Answers the requests that the server has received since the last call: $4 val:<key>.
  void serve() {
    const std::string bytes = to_server.substr(served_);
    served_ = to_server.size();
    std::string_view rest = bytes;
    std::string replies;
    while (!rest.empty()) {
      const auto step = server_.read(rest, request_);
      rest.remove_prefix(step.consumed);
      if (step.status != resp::request_reader::status::complete) break;
      replies += reply_to(request_.arguments.size() > 1 ? request_[1] : request_[0]);
      request_.clear();
    }
    server_sends(replies);
  }
  void forward() {
    for (std::string bytes = stream_.take_for_server(now); !bytes.empty();
         bytes = stream_.take_for_server(now)) {
      to_server += bytes;
    }
  }
  void deliver() {
    for (std::string bytes = stream_.take_for_client(now); !bytes.empty();
         bytes = stream_.take_for_client(now)) {
      to_client += bytes;
      writes.push_back(std::move(bytes));
    }
  }
  static std::string reply_to(std::string_view key) {
    const std::string value = "value:" + std::string{key};
    return '$' + std::to_string(value.size()) + "\r\n" + value + "\r\n";
  }
  [[nodiscard]] faulty_stream& stream() { return stream_; }

  recording_sink sink;
  microseconds now{0};
  std::string to_server;
  std::string to_client;
  std::vector<std::string> writes;

 private:
  decider decisions_;
  faulty_stream stream_;
  resp::request_reader server_;
  resp::request request_;
  std::size_t served_ = 0;
};

}  // namespace drover::faults
