// SPDX-License-Identifier: MIT
// Runs one list of commands against a real server and against the model of it, and compares every
// byte that comes back on every connection, after every step.
//
// Client ids, version and run id are not masked: the model is given those of the real server. The
// real clock is not known to the microsecond: TIME on a second connection, before and after each
// step, bounds it, and some milliseconds in between must explain the reply. If several do, the
// model goes on in several versions, which further questions (GET, PEXPIRETIME) reduce.
//
// Masked, because no model can know them:
//   INFO         the lines that the model has not; server_time_usec must be within its bounds, and
//                uptime_in_seconds within two seconds of the model's
//   CLIENT LIST  all fields but id, name, db, sub, user and resp
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integration/redis_model_lists.hpp"
#include "support/redis_server.hpp"
#include "world/redis_model.hpp"

namespace drover::test {

/// What a list found.
struct comparison_result {
  std::optional<std::string> difference;
  std::size_t requests = 0;
  std::size_t skipped = 0;  ///< requests that the model says it does not know
  std::size_t pushes = 0;
};

/// Changes what the model answers, to prove that the comparison sees it.
using sabotage = std::function<void(const list_step&, std::string& model_bytes)>;

class model_comparison {
 public:
  /// Lifetime: the server outlives it. It must have been started with `comparable_server`.
  explicit model_comparison(const redis_server& server, sabotage spoil = {});
  ~model_comparison();
  model_comparison(const model_comparison&) = delete;
  model_comparison& operator=(const model_comparison&) = delete;

  /// The steps of the list of this seed at the positions `kept`, in order; all: an empty `kept`.
  [[nodiscard]] comparison_result run(std::uint64_t seed, list_kind kind,
                                      const std::vector<std::size_t>& kept = {});
  /// The fewest steps of the list that still show a difference, as text: seed, steps, difference.
  [[nodiscard]] std::string shrink(std::uint64_t seed, list_kind kind);
  [[nodiscard]] std::string server_text() const;  ///< "redis 7.0.15"
  /// Lists that were begun anew, because the computer stopped for too long during a step.
  [[nodiscard]] std::size_t interruptions() const noexcept;

 private:
  class run_state;
  std::unique_ptr<run_state> state_;
};

/// A server that removes keys only at access, as the model does.
[[nodiscard]] redis_server::options comparable_server();

}  // namespace drover::test
