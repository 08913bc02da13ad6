// SPDX-License-Identifier: MIT
#include <drover/failure.hpp>

namespace drover {

namespace {

std::string describe(load_failed::reason why, unsigned attempt, duration retry_in,
                     const std::string& text) {
  std::string out = "the load of this key ";
  switch (why) {
    case load_failed::reason::threw: out += "failed"; break;
    case load_failed::reason::timed_out: out += "took longer than load_max"; break;
    case load_failed::reason::cancelled: out += "was cancelled"; break;
  }
  out += " (attempt " + std::to_string(attempt) + ", next in " + std::to_string(retry_in.count()) +
         " ms)";
  if (!text.empty()) out += ": " + text;
  return out;
}

const char* describe(refused::reason why) {
  switch (why) {
    case refused::reason::timed_out: return "the call's time limit passed while it waited";
    case refused::reason::stopped: return "the call was stopped while it waited";
    case refused::reason::saturated:
      return "too many calls at once: client_options.waiters_max callers wait, "
             "policy.bypass_queue_max loads wait for a turn, or there is no thread for the load";
  }
  return "refused";
}

}  // namespace

load_failed::load_failed(reason why, unsigned attempt, duration retry_in, const std::string& text)
    : std::runtime_error{describe(why, attempt, retry_in, text)},
      why_{why},
      attempt_{attempt},
      retry_in_{retry_in} {}

refused::refused(reason why) : std::runtime_error{describe(why)}, why_{why} {}

}  // namespace drover
