// SPDX-License-Identifier: MIT
#include "audit/run/fault_injector.hpp"

#include <cstdio>
#include <string>
#include <utility>

#include "fault/plan/fault_kinds.hpp"

namespace drover::audit {

fault_injector::fault_injector(std::vector<faults::fault_spec> specs, std::uint64_t seed,
                               const address& server, live_capture& capture)
    : specs_{std::move(specs)}, capture_{capture}, proxy_{settings(seed, server)} {}

faults::fault_proxy_settings fault_injector::settings(std::uint64_t seed, const address& server) {
  faults::fault_proxy_settings with;
  // TCP, because a Unix socket has no reset.
  with.listen = address{"127.0.0.1", 0, ""};
  with.server = server;
  with.specs = specs_;
  with.seed = seed;
  with.number_of = [this](std::uint16_t from_port) { return number_of(from_port); };
  with.say = [](const std::string& line) { std::fprintf(stderr, "drover: %s\n", line.c_str()); };
  with.injected = [this](const faults::injection& event) { tell(event); };
  return with;
}

void fault_injector::expect(std::uint64_t connection, std::uint16_t from_port) {
  const std::lock_guard lock{mutex_};
  expected_[from_port] = connection;
}

std::optional<std::uint64_t> fault_injector::number_of(std::uint16_t from_port) {
  const std::lock_guard lock{mutex_};
  const auto expected = expected_.extract(from_port);
  if (expected.empty()) return std::nullopt;
  return expected.mapped();
}

void fault_injector::tell(const faults::injection& event) {
  if (!event.failure.empty()) return;
  const faults::fault_spec& spec = specs_[event.spec];
  fault_injected fault;
  fault.fault = spec.text;
  fault.kind = faults::name_of(event.kind);
  fault.connection = event.connection;
  fault.command = event.command;
  fault.key = event.key;
  fault.at = fault.to = capture_.now();
  if (event.delay) fault.to += *event.delay;
  if (event.kind == faults::fault_kind::down) {
    fault.to += spec.end_of_window(event.at) - event.at;
  }
  capture_.add_fault(std::move(fault));
}

}  // namespace drover::audit
