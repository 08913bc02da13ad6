// SPDX-License-Identifier: MIT
// Injects the faults of a script between the proxy of the audit and the server, and tells the
// capture of each before the proxy can see it. It serves only the connections of that proxy, and
// knows them by the numbers that they have in the records.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "audit/proxy/address.hpp"
#include "audit/proxy/live_capture.hpp"
#include "fault/plan/fault_spec.hpp"
#include "fault/proxy/fault_proxy.hpp"

namespace drover::audit {

class fault_injector {
 public:
  /// `capture` outlives this object.
  fault_injector(std::vector<faults::fault_spec> specs, std::uint64_t seed, const address& server,
                 live_capture& capture);
  fault_injector(const fault_injector&) = delete;
  fault_injector& operator=(const fault_injector&) = delete;

  /// Returns the address for the proxy of the audit. May be called once.
  [[nodiscard]] result<address> listen() { return proxy_.listen(); }
  /// To be called when the capture runs. The times of the script begin now.
  void start() { proxy_.start(); }
  void stop() { proxy_.stop(); }

  /// This connection of the audit's proxy will come from this port. Threads: any.
  void expect(std::uint64_t connection, std::uint16_t from_port);

 private:
  [[nodiscard]] faults::fault_proxy_settings settings(std::uint64_t seed, const address& server);
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::uint16_t from_port);
  void tell(const faults::injection& event);

  const std::vector<faults::fault_spec> specs_;
  live_capture& capture_;
  std::mutex mutex_;
  std::map<std::uint16_t, std::uint64_t> expected_;
  faults::fault_proxy proxy_;
};

}  // namespace drover::audit
