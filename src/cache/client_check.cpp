// SPDX-License-Identifier: MIT
// client::check: runs the check of the server on the caller's thread.
#include <drover/client.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cache/core.hpp"
#include "cache/random_draws.hpp"
#include "entry/keys.hpp"
#include "store/callback_scope.hpp"
#include "store/cluster_check.hpp"

namespace drover {
namespace {

constexpr const char* default_name = "drover-check";
constexpr duration longest_check{std::chrono::hours{1}};

check_report refused_call(std::string reason) {
  check_report report;
  report.problems.push_back(
      {"connect", std::move(reason), "The server was not checked.", {}, true});
  return report;
}

}  // namespace

check_report client::check(duration timeout, std::vector<std::string> names) const {
  for (const std::string& name : names) {
    if (!entry::key_space::is_valid_name(name)) {
      throw std::invalid_argument{"drover: client::check: no cache can have the name '" + name +
                                  "': use 1 to 64 of the characters A-Z, a-z, 0-9, _, . and -"};
    }
  }
  if (core_->is_inherited()) return refused_call("this client belongs to the parent process");
  if (store::callback_scope::is_inside()) return refused_call(store::in_a_callback().text);
  if (names.empty()) names = core_->names();
  if (names.empty()) names.emplace_back(default_name);
  const steady_time deadline =
      store::now() + std::clamp<duration>(timeout, duration{0}, longest_check);
  return store::check_servers(core_->redis(), names,
                              "check-" + std::to_string(detail::random_seed()), deadline);
}

}  // namespace drover
