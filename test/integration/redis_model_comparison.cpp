// SPDX-License-Identifier: MIT
#include "integration/redis_model_comparison.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "base/printing.hpp"
#include "integration/byte_client.hpp"
#include "integration/redis_model_masks.hpp"
#include "lease/commands.hpp"
#include "resp/reader.hpp"

namespace drover::test {
namespace {

using namespace std::chrono_literals;
using world::redis_model;
using world::request_times;
using action = list_step::action;

constexpr milliseconds gap_max{25};
constexpr std::size_t versions_max = 200;

/// Thrown when no short time bounds a step: the list is begun anew.
struct interrupted {};

std::string shown(std::string_view bytes) { return '"' + base::escape(bytes, 3000) + '"'; }

std::size_t pushes_in(std::string_view bytes) {
  std::size_t count = 0;
  resp::reader reader;
  resp::message read;
  for (;;) {
    const auto step = reader.read(bytes, read);
    bytes.remove_prefix(step.consumed);
    if (step.status != resp::reader::status::complete) return count;
    if (read.root().kind() == resp::type::push) ++count;
    read.clear();
  }
}

/// All orders of moments within the bounds: whole milliseconds, and the bounds themselves.
std::vector<request_times> times_between(microseconds begin, microseconds end) {
  if (end - begin > gap_max) throw interrupted{};
  std::vector<microseconds> moments{begin};
  for (auto at = std::chrono::floor<milliseconds>(begin) + 1ms; at <= end; at += 1ms) {
    moments.emplace_back(at);
  }
  std::vector<request_times> all;
  for (const microseconds at : moments) all.emplace_back(at);
  for (std::size_t i = 0; i < moments.size(); ++i) {
    for (std::size_t k = i; k < moments.size(); ++k) {
      for (std::size_t m = k; m < moments.size(); ++m) {
        if (i != m) all.emplace_back(moments[i], moments[k], moments[m]);
      }
    }
  }
  return all;
}

}  // namespace

class model_comparison::run_state {
 public:
  run_state(const redis_server& server, sabotage spoil);
  comparison_result run(std::uint64_t seed, list_kind kind, const std::vector<std::size_t>& kept);
  [[nodiscard]] const world::server_settings& settings() const { return settings_; }

  std::size_t interruptions = 0;

 private:
  struct version {
    std::unique_ptr<redis_model> model;          // connections point to it
    std::vector<world::connection> connections;  ///< the control connection is the last one
  };

  [[nodiscard]] version copy_of(const version& original) const;
  void begin();
  void connect(std::size_t which);
  bool run_step(const list_step& step);
  void run_request(const list_step& step);
  void run_change(const list_step& step);
  void end_connection(const list_step& step);
  [[nodiscard]] bool is_known(const list_step& step) const;
  void compare(const list_step& step, const std::vector<request_times>& all,
               const std::vector<std::string>& real);
  void keep(version&& added, std::vector<version>& to) const;
  void reduce_versions();
  void ask_control(const std::vector<std::string>& words);
  [[nodiscard]] std::vector<std::string> resolved(const std::vector<std::string>& words) const;
  microseconds time();
  std::vector<std::string> take_real();

  const redis_server& server_;
  sabotage spoil_;
  byte_client control_;
  world::server_settings settings_;
  std::vector<std::unique_ptr<byte_client>> clients_;
  std::vector<std::string> ids_;
  std::vector<version> versions_;
  comparison_result result_;
};

model_comparison::run_state::run_state(const redis_server& server, sabotage spoil)
    : server_{server}, spoil_{std::move(spoil)}, control_{server} {
  control_.ask({"ACL", "SETUSER", "control", "on", "nopass", "+@all", "~*", "&*"});
  control_.ask({"AUTH", "control", "x"});
  control_.ask({"DEBUG", "SET-ACTIVE-EXPIRE", "0"});
  const auto hello = control_.read_message({"HELLO", "3"});
  const auto info = control_.read_message({"INFO", "server"});
  settings_.version = hello.root()[3].text();
  settings_.run_id = field_of(info.root().text(), "run_id");
  const std::int64_t uptime_s = std::stoll(field_of(info.root().text(), "uptime_in_seconds"));
  settings_.started =
      std::chrono::floor<std::chrono::seconds>(time()) - std::chrono::seconds{uptime_s};
  if (hello.root()[1].text() == "valkey") {
    settings_.family = world::server_family::valkey_8_1;
  } else if (!settings_.version.starts_with("7.0.")) {
    settings_.family = world::server_family::redis_8_0;
  }
}

microseconds model_comparison::run_state::time() {
  const auto now = control_.read_message({"TIME"});
  return std::chrono::seconds{std::stoll(std::string{now.root()[0].text()})} +
         microseconds{std::stoll(std::string{now.root()[1].text()})};
}

model_comparison::run_state::version model_comparison::run_state::copy_of(
    const version& original) const {
  version copy{std::make_unique<redis_model>(*original.model), {}};
  for (const world::connection& known : original.connections) {
    copy.connections.push_back(copy.model->counterpart_of(known));
  }
  return copy;
}

void model_comparison::run_state::begin() {
  control_.ask({"REPLICAOF", "NO", "ONE"});
  control_.ask({"CONFIG", "SET", "maxmemory", "0", "replica-serve-stale-data", "yes"});
  control_.ask({"ACL", "SETUSER", "default", "+@all"});
  control_.ask({"SELECT", "0"});
  control_.ask({"FLUSHALL"});
  control_.ask({"SCRIPT", "FLUSH"});
  clients_.clear();
  clients_.resize(compared_connections);
  ids_.assign(compared_connections, "");
  versions_.clear();
  versions_.push_back({std::make_unique<redis_model>(settings_), {}});
  result_ = {};
  version& only = versions_.back();
  const auto id = control_.read_message({"CLIENT", "ID"}).root().integer();
  const world::connection control = only.model->connect_as(static_cast<world::client_id>(id));
  only.connections.assign(compared_connections + 1, control);
  only.connections.back().receive(written({"HELLO", "3"}), microseconds{});
  static_cast<void>(only.connections.back().take_output());
  for (std::size_t i = 0; i < compared_connections; ++i) connect(i);
}

void model_comparison::run_state::connect(std::size_t which) {
  clients_[which] = std::make_unique<byte_client>(server_);
  // HELLO without a protocol changes nothing, and is never refused.
  const auto hello = clients_[which]->read_message({"HELLO"});
  const auto id = static_cast<world::client_id>(hello.root()[7].integer());
  ids_[which] = std::to_string(id);
  for (version& candidate : versions_)
    candidate.connections[which] = candidate.model->connect_as(id);
}

// In a copy, so that nothing is sent that could not be compared.
bool model_comparison::run_state::is_known(const list_step& step) const {
  try {
    version trial = copy_of(versions_.front());
    trial.connections[step.connection].receive(written(resolved(step.words)),
                                               world::request_times{settings_.started + 1h});
    return true;
  } catch (const world::unsupported_request&) {
    return false;
  }
}

std::vector<std::string> model_comparison::run_state::resolved(
    const std::vector<std::string>& words) const {
  std::vector<std::string> read = words;
  for (std::string& word : read) {
    if (word.size() == 4 && word.starts_with("@id")) word = ids_.at(std::size_t(word[3] - '0'));
  }
  return read;
}

std::vector<std::string> model_comparison::run_state::take_real() {
  std::vector<std::string> real;
  for (auto& client : clients_) real.push_back(client->take());
  return real;
}

bool model_comparison::run_state::run_step(const list_step& step) {
  switch (step.does) {
    case action::request: run_request(step); break;
    case action::wait: std::this_thread::sleep_for(milliseconds{step.number}); break;
    case action::kill:
    case action::hang_up: end_connection(step); break;
    default: run_change(step);
  }
  if (versions_.size() > 1 && !result_.difference) reduce_versions();
  return !result_.difference;
}

void model_comparison::run_state::run_request(const list_step& step) {
  if (!is_known(step)) {
    ++result_.skipped;
    return;
  }
  ++result_.requests;
  byte_client& client = *clients_[step.connection];
  const microseconds begin = time();
  client.send(resolved(step.words));
  client.await_reply();
  const microseconds end = time();
  const std::vector<std::string> real = take_real();
  std::vector<request_times> all = times_between(begin, end);
  if (const auto reported = time_in(real[step.connection])) {
    if (*reported < begin || *reported > end) {
      result_.difference = "a time out of bounds: " + shown(real[step.connection]);
      return;
    }
    all = {request_times{*reported}};
  }
  compare(step, all, real);
}

void model_comparison::run_state::compare(const list_step& step,
                                          const std::vector<request_times>& all,
                                          const std::vector<std::string>& real) {
  std::vector<version> agreeing;
  std::string first;
  for (const version& before : versions_) {
    for (const request_times& at : all) {
      version after = copy_of(before);
      after.connections[step.connection].receive(written(resolved(step.words)), at);
      bool agrees = true;
      std::string answers;
      for (std::size_t i = 0; i < clients_.size(); ++i) {
        std::string answer = after.connections[i].take_output();
        if (spoil_) spoil_(step, answer);
        agrees = agrees && are_alike(real[i], answer);
        answers += "\n  model on " + std::to_string(i) + " " + shown(answer);
      }
      if (first.empty()) first = answers;
      if (agrees) keep(std::move(after), agreeing);
    }
  }
  for (const std::string& bytes : real) result_.pushes += pushes_in(bytes);
  versions_ = std::move(agreeing);
  if (!versions_.empty()) return;
  std::string text = "after " + describe(step);
  for (std::size_t i = 0; i < real.size(); ++i) {
    text += "\n  real  on " + std::to_string(i) + " " + shown(real[i]);
  }
  result_.difference = text + first;
}

void model_comparison::run_state::keep(version&& added, std::vector<version>& to) const {
  for (const version& known : to) {
    if (known.model->is_like(*added.model)) return;
  }
  if (to.size() == versions_max) throw interrupted{};
  to.push_back(std::move(added));
}

// Several times explain the replies so far. What is stored tells them apart.
void model_comparison::run_state::reduce_versions() {
  for (const std::string& key : compared_keys()) {
    for (const std::string_view question : {"GET", "PEXPIRETIME"}) {
      if (versions_.size() > 1) ask_control({std::string{question}, key});
      if (result_.difference) return;
    }
  }
}

void model_comparison::run_state::ask_control(const std::vector<std::string>& words) {
  const microseconds begin = time();
  const std::string reply = control_.ask(words);
  const microseconds end = time();
  const std::vector<std::string> real = take_real();
  std::vector<version> agreeing;
  for (const version& before : versions_) {
    for (const request_times& at : times_between(begin, end)) {
      version after = copy_of(before);
      // The control connection is another user's.
      auto& refused = after.model->state().refused_commands;
      const auto refused_to_default = std::exchange(refused, {});
      after.connections.back().receive(written(words), at);
      refused = refused_to_default;
      bool agrees = after.connections.back().take_output() == reply;
      for (std::size_t i = 0; i < clients_.size(); ++i) {
        agrees = after.connections[i].take_output() == real[i] && agrees;
      }
      if (agrees) keep(std::move(after), agreeing);
    }
  }
  versions_ = std::move(agreeing);
  if (versions_.empty()) {
    result_.difference =
        "what is stored differs: " + words[0] + ' ' + words[1] + " is " + shown(reply);
  }
}

void model_comparison::run_state::run_change(const list_step& step) {
  const bool on = step.number != 0;
  const auto change = [&](auto member) {
    for (version& candidate : versions_) candidate.model->state().*member = on;
  };
  // Nothing may be refused for want of memory or of a primary to the control connection: its
  // questions are reads, and a replica that serves no stale data refuses those, too.
  switch (step.does) {
    case action::fill_memory:
      control_.ask({"CONFIG", "SET", "maxmemory", on ? "1" : "0"});
      return change(&world::server_state::is_out_of_memory);
    case action::follow:
      on ? control_.ask({"REPLICAOF", "127.0.0.1", "1"}) : control_.ask({"REPLICAOF", "NO", "ONE"});
      if (!on) {
        for (version& candidate : versions_) candidate.model->state().is_cut_off = false;
        control_.ask({"CONFIG", "SET", "replica-serve-stale-data", "yes"});
      }
      return change(&world::server_state::is_replica);
    case action::cut_off:
      if (!versions_.front().model->state().is_replica) return;
      control_.ask({"CONFIG", "SET", "replica-serve-stale-data", on ? "no" : "yes"});
      return change(&world::server_state::is_cut_off);
    default: break;
  }
  const std::string& command = step.words[0];
  control_.ask({"ACL", "SETUSER", "default", (on ? "-" : "+") + command});
  for (version& candidate : versions_) {
    auto& refused = candidate.model->state().refused_commands;
    on ? static_cast<void>(refused.insert(command)) : static_cast<void>(refused.erase(command));
  }
}

void model_comparison::run_state::end_connection(const list_step& step) {
  const std::string id = ids_[step.connection];
  if (step.does == action::kill) {
    control_.ask({"CLIENT", "KILL", "ID", id});
    for (version& candidate : versions_)
      candidate.model->kill(candidate.connections[step.connection]);
  } else {
    clients_[step.connection].reset();
    for (version& candidate : versions_) candidate.connections[step.connection].close();
    while (control_.ask({"CLIENT", "LIST", "ID", id}).find("id=") != std::string::npos) {
    }
  }
  connect(step.connection);
}

comparison_result model_comparison::run_state::run(std::uint64_t seed, list_kind kind,
                                                   const std::vector<std::size_t>& kept) {
  constexpr int attempts = 20;
  for (int attempt = 1;; ++attempt) {
    try {
      begin();
      const server_time now{std::chrono::floor<milliseconds>(time())};
      const std::vector<list_step> list = draw_list(seed, kind, now);
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (!kept.empty() && !std::ranges::binary_search(kept, i)) continue;
        if (!run_step(list[i])) break;
      }
      return result_;
    } catch (const interrupted&) {
      ++interruptions;
      if (attempt == attempts) throw std::runtime_error{"the computer is too busy to compare"};
    }
  }
}

model_comparison::model_comparison(const redis_server& server, sabotage spoil)
    : state_{std::make_unique<run_state>(server, std::move(spoil))} {}
model_comparison::~model_comparison() = default;

comparison_result model_comparison::run(std::uint64_t seed, list_kind kind,
                                        const std::vector<std::size_t>& kept) {
  return state_->run(seed, kind, kept);
}

// Leaves out ever smaller parts while a difference remains.
std::string model_comparison::shrink(std::uint64_t seed, list_kind kind) {
  const std::size_t size = draw_list(seed, kind, server_time{}).size();
  std::vector<std::size_t> kept(size);
  std::iota(kept.begin(), kept.end(), std::size_t{0});
  std::string difference = run(seed, kind, kept).difference.value_or("(not seen again)");
  for (std::size_t part = (size + 1) / 2; part > 0; part = part == 1 ? 0 : (part + 1) / 2) {
    for (std::size_t from = 0; from < kept.size() && kept.size() > 1;) {
      std::vector<std::size_t> fewer = kept;
      const auto end = std::min(from + part, fewer.size());
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(from),
                  fewer.begin() + static_cast<std::ptrdiff_t>(end));
      auto found = fewer.empty() ? comparison_result{} : run(seed, kind, fewer);
      // On a busy machine a key may end too early or too late for a difference to be seen.
      for (int more = 2; more > 0 && !found.difference && !fewer.empty(); --more) {
        found = run(seed, kind, fewer);
      }
      if (found.difference) {
        kept = std::move(fewer);
        difference = *std::move(found.difference);
      } else {
        from += part;
      }
    }
  }
  std::string text = server_text() + ", seed " + std::to_string(seed) + ", " +
                     std::to_string(kept.size()) + " of " + std::to_string(size) + " steps:\n";
  const std::vector<list_step> list = draw_list(seed, kind, server_time{});
  for (const std::size_t i : kept) text += "  " + describe(list[i]) + '\n';
  return text + difference;
}

std::string model_comparison::server_text() const {
  const bool is_valkey = state_->settings().family == world::server_family::valkey_8_1;
  return std::string{is_valkey ? "valkey " : "redis "} + state_->settings().version;
}

std::size_t model_comparison::interruptions() const noexcept { return state_->interruptions; }

redis_server::options comparable_server() {
  return {.arguments = {"--enable-debug-command", "yes"}};
}

}  // namespace drover::test
