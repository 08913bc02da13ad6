// SPDX-License-Identifier: MIT
#include "audit/proxy/cold_prober.hpp"

#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>

#include "audit/proxy/resolve.hpp"
#include "base/printing.hpp"
#include "resp/writer.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

constexpr moment choose_every = 250ms;
constexpr auto look_every = 20ms;
constexpr auto answer_max = 3s;
constexpr std::size_t keys_per_batch = 200;
constexpr std::size_t shown_key_max = 200;

connection::settings settings_for(const probe_settings& settings, std::uint32_t database) {
  connection::settings out;
  out.at.host = settings.server.is_unix() ? "" : settings.server.host;
  out.at.port = settings.server.port;
  out.at.path = settings.server.path;
  out.at.tls = settings.tls != nullptr;
  out.tls = settings.tls;
  out.at.user = settings.user;
  out.at.password = settings.password;
  out.at.database = database;
  out.client_name = "drover-audit";
  out.connect_max = answer_max;
  out.silence_max = answer_max;
  out.spin = false;
  out.version_min = {};  // any server may be audited
  return out;
}

}  // namespace

cold_prober::cold_prober(probe_settings settings, live_capture& capture)
    : settings_{std::move(settings)}, capture_{capture}, plan_{settings_.pace, settings_.seed} {}

cold_prober::~cold_prober() { stop(); }

result<void> cold_prober::start() {
  const auto at = reach(settings_.server);
  if (!at) return at.error();
  if (settings_.allowed.empty() && !is_loopback(*at)) {
    return fault{fault_code::unsupported,
                 "the server at " + describe(settings_.server) +
                     " is not on this machine; name the keys that may be deleted with --allow"};
  }
  const auto replies_or_fault = exchange(0, "*1\r\n$4\r\nPING\r\n", 1);
  if (!replies_or_fault) return replies_or_fault.error();
  const resp::message& first = replies_or_fault->front();
  if (first.root().is_error()) {
    return fault{fault_code::unsupported,
                 "the server refuses the auditor's own connection: " +
                     base::escape(first.root().text(), shown_key_max) +
                     "; give the user and password in the URL of the server"};
  }
  thread_ = std::thread{[this] { run(); }};
  return {};
}

void cold_prober::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  record_ttls();
  record_policy();
}

void cold_prober::saw(const record& item, const rule_context& context) {
  const auto* command = std::get_if<event>(&item);
  if (command == nullptr) return;
  hot_.count_read(*command);
  const std::lock_guard lock{mutex_};
  if (stopping_) return;
  remember(*command, context);
  if (command->done - chosen_at_ < choose_every) return;
  chosen_at_ = command->done;
  choice_ = hot_.choose(context, settings_.allowed);
}

void cold_prober::remember(const event& command, const rule_context& context) {
  for (const field& argument : command.arguments) {
    if (names_.size() >= ttl_keys_max) return;
    if (argument.kind != field_kind::key) continue;
    const key_state* const state = context.find(command.database, argument.text);
    if (state == nullptr || state->counts.reads() + state->counts.stores > 1) continue;
    unsigned& count = names_of_pattern_[state->pattern->index];
    if (count >= ttl_keys_of_pattern_max) continue;
    if (names_.emplace(command.database, argument.text).second) ++count;
  }
}

void cold_prober::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock{mutex_};
  while (!changed_.wait_for(lock, look_every, [&] { return stopping_; })) {
    const auto next = plan_.next(choice_, capture_.now());
    if (!next) continue;
    lock.unlock();
    make_cold(*next);
    lock.lock();
  }
}

void cold_prober::make_cold(const hot_key& key) {
  std::string request;
  resp::write_command(request, {"UNLINK", key.name});
  tool_acted acted;
  acted.action = tool_acted::action_kind::cold_event;
  acted.key = key.name;
  acted.from = capture_.now();
  const auto replies_or_fault = exchange(key.database, request, 1);
  acted.to = capture_.now();
  const bool was_present = replies_or_fault &&
                           replies_or_fault->front().root().kind() == resp::type::integer &&
                           replies_or_fault->front().root().integer() == 1;
  plan_.done(key, acted.to, was_present);
  if (was_present) {
    ++cold_events_;
    capture_.add_record(acted);
  }
  const bool failed = !replies_or_fault || replies_or_fault->front().root().is_error();
  if (!failed || std::exchange(reported_failure_, true) || !settings_.say) return;
  settings_.say("a key could not be deleted: " +
                (replies_or_fault
                     ? base::escape(replies_or_fault->front().root().text(), shown_key_max)
                     : replies_or_fault.error().text));
}

void cold_prober::record_ttls() {
  std::map<std::uint32_t, std::vector<std::string>> by_database;
  for (const auto& [database, name] : names_) by_database[database].push_back(name);
  for (const auto& [database, names] : by_database) {
    for (std::size_t from = 0; from < names.size(); from += keys_per_batch) {
      const auto batch =
          std::span{names}.subspan(from).first(std::min(keys_per_batch, names.size() - from));
      std::string requests;
      for (const std::string& name : batch) resp::write_command(requests, {"PTTL", name});
      const auto replies_or_fault = exchange(database, requests, batch.size());
      if (!replies_or_fault) return;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto root = (*replies_or_fault)[i].root();
        if (root.kind() == resp::type::integer) {
          capture_.add_record(server_said{batch[i], root.integer(), ""});
        }
      }
    }
  }
}

void cold_prober::record_policy() {
  std::string request;
  resp::write_command(request, {"CONFIG", "GET", "maxmemory-policy"});
  const auto replies_or_fault = exchange(0, request, 1);
  if (!replies_or_fault) return;
  const auto root = replies_or_fault->front().root();
  if (resp::is_aggregate(root.kind()) && root.size() == 2) {
    capture_.add_record(server_said{"", 0, std::string{root[1].text()}});
  }
}

result<cold_prober::replies> cold_prober::exchange(std::uint32_t database,
                                                   const std::string& requests, std::size_t count) {
  auto& channel = channels_[database];
  if (!channel) {
    channel = std::make_unique<connection::channel>(settings_for(settings_, database),
                                                    connection::handlers{});
  }
  replies out(count);
  const auto outcome = channel->exchange(requests, out);
  if (outcome.ended != connection::exchange_end::replied) return outcome.why;
  return out;
}

}  // namespace drover::audit
