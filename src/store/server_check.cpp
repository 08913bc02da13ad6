// SPDX-License-Identifier: MIT
#include "store/server_check.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "lease/commands.hpp"
#include "lease/plain_commands.hpp"
#include "resp/writer.hpp"

namespace drover::store {
namespace {

using connection::exchange_end;
using connection::reachability;
using lease::right_id;

constexpr milliseconds retry_pause{20};
constexpr std::size_t round_trips = 9;
/// The waker gives up on a push after 500 ms.
constexpr milliseconds wake_patience{700};
/// The keys of a check vanish after this time if the check cannot remove them.
constexpr std::string_view key_ttl_ms = "10000";

constexpr std::string_view no_connection = "Every call loads without Redis.";

template <class... Words>
std::string written(const Words&... words) {
  std::string bytes;
  resp::write_command(bytes, {std::string_view{words}...});
  return bytes;
}

std::string field_of(const resp::message& map, std::string_view name) {
  const resp::view root = map.root();
  for (std::size_t i = 0; i + 1 < root.size(); i += 2) {
    if (root[i].is_string() && root[i].text() == name && root[i + 1].is_string()) {
      return std::string{root[i + 1].text()};
    }
  }
  return {};
}

/// The answer to a posted request, for a thread that waits. It may come after that thread has left.
class posted_answer {
 public:
  void set(const result<std::vector<resp::message>>& got) {
    const std::scoped_lock lock{mutex_};
    if (!got) why_ = got.error();
    has_come_ = true;
    came_.notify_one();
  }
  /// The fault, also when nothing has come in time.
  [[nodiscard]] std::optional<fault> wait(steady_time until) {
    std::unique_lock lock{mutex_};
    const auto left = std::max(until - connection::now(), microseconds{0});
    if (!came_.wait_for(lock, left, [&] { return has_come_; })) {
      return fault{fault_code::unreachable, "no reply in time"};
    }
    return why_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  bool has_come_ = false;
  std::optional<fault> why_;
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string remedy_for(const fault& why, const lease::right& needed, std::string_view name) {
  const std::string_view text = why.text;
  if (text.starts_with("OOM")) {
    return "raise maxmemory, or set a maxmemory-policy that evicts";
  }
  if (text.starts_with("READONLY")) return "connect to the primary";
  if (text.starts_with("MISCONF")) return "let the server save its data again";
  if (!lease::is_refusal(why)) return {};
  const std::string of_name = name.empty() ? "NAME" : std::string{name};
  if (contains(text, "channel")) return "grant the channels &" + of_name + ":*";
  if (contains(text, "key")) return "grant the keys ~" + of_name + ":*";
  return "grant " + std::string{needed.rule};
}

check_report server_check::run(std::span<const std::string> names) {
  if (!connect()) return take_report();
  measure_round_trip();
  if (!has_ended_) try_server_commands();
  for (const std::string& name : names) {
    if (!has_ended_) try_key_commands(name);
  }
  return take_report();
}

// HELLO without a version changes nothing. A server that is away is tried again until the deadline.
bool server_check::connect() {
  for (;;) {
    resp::message hello;
    const connection::outcome end =
        channel_.exchange(written("HELLO"), {&hello, 1}, {.deadline = deadline_, .stop = {}});
    if (end.ended == exchange_end::replied) {
      report_.server = field_of(hello, "server");
      report_.version = field_of(hello, "version");
      report_.role = field_of(hello, "role");
      if (report_.role == "master") report_.role = "primary";
      if (report_.role == "slave") report_.role = "replica";
      break;
    }
    reachability known = channel_.reached();
    const bool is_over = end.ended != exchange_end::faulted ||
                         connection::now() + retry_pause >= deadline_ ||
                         known.now == reachability::state::refused;
    if (is_over) {
      std::string reason = known.reason.empty() ? end.why.text : std::move(known.reason);
      if (reason.empty()) reason = "there was no connection in time";
      report_.problems.push_back(
          {"connect", std::move(reason), std::string{no_connection}, {}, true});
      return false;
    }
    std::this_thread::sleep_for(retry_pause);
  }
  if (report_.role == "replica" && !key_from_) {
    report_.problems.push_back({"connect", "the server is a replica",
                                "Nothing can be stored or invalidated.", "connect to the primary",
                                true});
  }
  return true;
}

void server_check::measure_round_trip() {
  std::vector<std::chrono::microseconds> times;
  const std::string ping = written("PING");
  const std::size_t problems_before = report_.problems.size();
  while (times.size() < round_trips) {
    const steady_time sent = connection::now();
    if (!try_request(right_id::ping, ping, 1)) return;
    times.push_back(connection::now() - sent);
    if (report_.problems.size() > problems_before) return;  // refused: no command was executed
  }
  std::nth_element(times.begin(), times.begin() + round_trips / 2, times.end());
  report_.round_trip = times[round_trips / 2];
}

void server_check::try_server_commands() {
  std::string scripts;
  lease::write_load_scripts(scripts);
  std::string tracking;
  lease::write_tracking(tracking, true);
  std::string holders;
  const std::array<std::uint64_t, 1> own{std::max<std::uint64_t>(channel_.client_id(), 1)};
  lease::write_holders(holders, own);
  static_cast<void>(
      try_request(right_id::info,
                  written("INFO", "server") + written("INFO", "persistence") +
                      written("INFO", "replication"),
                  3) &&
      try_request(right_id::time, written("TIME"), 1) && try_request(right_id::list, holders, 1) &&
      try_request(right_id::script_load, scripts, static_cast<unsigned>(lease::scripts().size())) &&
      try_request(right_id::tracking, tracking, 1));
}

void server_check::try_key_commands(const std::string& name) {
  may_publish_ = true;
  const auto key_of = [&](const std::string& beginning) {
    return key_from_ ? key_from_(beginning) : beginning;
  };
  const std::string key = key_of(name + ":1.0:c:" + id_);
  std::string release;
  lease::write_release(release, key, entry::token{{'c', 'h', 'e', 'c', 'k'}}, "");
  const bool goes_on =
      try_request(right_id::get, written("GET", key), 1, name) &&
      (!may_track_ ||
       try_request(right_id::caching, written("CLIENT", "CACHING", "YES") + written("GET", key), 2,
                   name)) &&
      try_request(right_id::set, written("SET", key, "check", "PX", key_ttl_ms), 1, name) &&
      try_request(right_id::getrange, written("GETRANGE", key, "0", "63"), 1, name) &&
      try_request(right_id::setrange, written("SETRANGE", key, "0", "c"), 1, name) &&
      try_request(right_id::exists, written("EXISTS", key), 1, name) &&
      try_request(right_id::pexpire, written("PEXPIRE", key, key_ttl_ms), 1, name) &&
      try_request(right_id::evalsha, release, 1, name) &&
      try_request(right_id::del, written("DEL", key), 1, name) &&
      try_request(right_id::unlink, written("UNLINK", key), 1, name) &&
      try_request(right_id::publish, written("PUBLISH", key, ""), 1, name);
  if (goes_on && !may_run_scripts_) try_without_scripts(key);
  // A channel that may not be published on may not be subscribed to either.
  if (goes_on && may_publish_) try_subscription(key);
  if (!has_ended_ && may_track_) try_wake_up(key_of(key + "-wake"));
}

void server_check::try_without_scripts(const std::string& key) {
  std::string compare;
  lease::write_comparison_probe(compare, key, entry::token{{'c', 'h', 'e', 'c', 'k'}});
  resp::message compared;
  if (!exchange(compare, {&compared, 1})) return;
  if (lease::read_comparison_probe(compared).value_or(false)) {
    return scripts_are_replaced_by("Leases use SET IFEQ instead.");
  }
  // In one piece, so that no other request gets between MULTI and DISCARD.
  std::array<resp::message, 6> answers;
  const std::string transaction = written("WATCH", key) + written("MULTI") + written("GET", key) +
                                  written("EXEC") + written("MULTI") + written("DISCARD");
  if (!exchange(transaction, answers)) return;
  const bool is_refused = std::any_of(answers.begin(), answers.end(), [](const auto& answer) {
    return answer.empty() || answer.root().is_error();
  });
  if (!is_refused) {
    scripts_are_replaced_by("Leases use transactions on a second connection instead.");
  }
}

// Only the scripts use some of the commands that were refused.
void server_check::scripts_are_replaced_by(std::string_view instead) {
  std::erase_if(report_.problems, [](const check_problem& known) {
    const auto unused = [&](const lease::right& one) {
      return one.command == known.request && one.id != right_id::evalsha &&
             one.id != right_id::script_load && !lease::is_used_without_scripts(one.id);
    };
    return std::ranges::any_of(lease::rights(), unused);
  });
  for (check_problem& known : report_.problems) {
    if (known.request != "EVALSHA" && known.request != "SCRIPT LOAD") continue;
    known.is_essential = false;
    known.effect = instead;
  }
}

// The confirmation of a subscription is a push, and only a refusal is a reply. So the requests are
// posted, without replies.
void server_check::try_subscription(const std::string& wake_channel) {
  const auto answered = [&](std::string request) {
    const auto answer = std::make_shared<posted_answer>();
    channel_.post(std::move(request), 0,
                  [answer](const result<std::vector<resp::message>>& got) { answer->set(got); });
    return answer->wait(deadline_);
  };
  std::string subscribe;
  lease::write_subscribe(subscribe, wake_channel);
  if (auto why = answered(std::move(subscribe))) {
    return note_problem(right_id::subscribe, *std::move(why));
  }
  std::string unsubscribe;
  lease::write_unsubscribe(unsubscribe, wake_channel);
  if (auto why = answered(std::move(unsubscribe))) {
    note_problem(right_id::unsubscribe, *std::move(why));
  }
}

// The commands of tracking may succeed although no push arrives, for example behind a proxy.
void server_check::try_wake_up(std::string canary_key) {
  waker_.prove(std::move(canary_key));
  const steady_time end = std::min(deadline_, connection::now() + wake_patience);
  while (waker_.mode() == wake_mode::undecided && connection::now() < end) {
    std::this_thread::sleep_for(milliseconds{2});
  }
  const wake_mode mode = waker_.mode();
  if (mode == wake_mode::push || mode == wake_mode::undecided) return;
  may_track_ = false;  // said once
  report_.problems.push_back(
      {"CLIENT TRACKING", "the push about a changed key has not arrived",
       mode == wake_mode::channel
           ? std::string{lease::right_of(right_id::tracking).cost}
           : "Waiters poll for the value, and get it some milliseconds later.",
       "", false});
}

bool server_check::exchange(std::string_view request, std::span<resp::message> replies) {
  const connection::outcome end =
      channel_.exchange(request, replies, {.deadline = deadline_, .stop = {}});
  if (end.ended != exchange_end::replied) note_end(end);
  return end.ended == exchange_end::replied;
}

bool server_check::try_request(right_id needs, std::string_view request, unsigned replies,
                               std::string_view name) {
  std::vector<resp::message> answers(replies);
  if (!exchange(request, answers)) return false;
  for (const resp::message& answer : answers) {
    if (answer.empty() || !answer.root().is_error()) continue;
    note_problem(needs, lease::fault_of(answer.root().text()), name);
    break;
  }
  return true;
}

// The text of a refused subscription does not say what is missing.
void server_check::note_problem(right_id needs, fault why, std::string_view name) {
  if (needs == right_id::tracking || needs == right_id::caching) may_track_ = false;
  if (needs == right_id::publish) may_publish_ = false;
  const bool runs_scripts = needs == right_id::evalsha || needs == right_id::script_load;
  if (runs_scripts && lease::refuses_scripts(why)) may_run_scripts_ = false;
  const lease::right& needed = lease::right_of(needs);
  std::string remedy = needs == right_id::subscribe || needs == right_id::unsubscribe
                           ? "grant " + std::string{needed.rule}
                           : remedy_for(why, needed, name);
  check_problem problem{std::string{needed.command}, std::move(why.text), std::string{needed.cost},
                        std::move(remedy), needed.is_essential};
  const auto& problems = report_.problems;
  const bool is_known =
      std::any_of(problems.begin(), problems.end(), [&](const check_problem& known) {
        return known.request == problem.request && known.reason == problem.reason &&
               known.remedy == problem.remedy;
      });
  if (!is_known) report_.problems.push_back(std::move(problem));
}

void server_check::note_end(const connection::outcome& end) {
  has_ended_ = true;
  report_.problems.push_back({"connect",
                              end.ended == exchange_end::faulted ? end.why.text
                                                                 : "the server is too slow: the "
                                                                   "check was not complete in time",
                              "The check is not complete.", "", true});
}

check_report server_check::take_report() {
  std::stable_partition(report_.problems.begin(), report_.problems.end(),
                        [](const check_problem& problem) { return problem.is_essential; });
  report_.state = readiness::ready;
  if (!report_.problems.empty()) {
    report_.state =
        report_.problems.front().is_essential ? readiness::unusable : readiness::degraded;
  }
  return std::move(report_);
}

}  // namespace drover::store
