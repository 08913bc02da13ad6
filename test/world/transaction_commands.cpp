// SPDX-License-Identifier: MIT
// WATCH, MULTI, EXEC and DISCARD. The commands between MULTI and EXEC are queued by `run_request`.
#include <chrono>
#include <utility>

#include "world/command_handlers.hpp"
#include "world/command_table.hpp"
#include "world/reply_writer.hpp"

namespace drover::world {
namespace {

bool has_ended(const running& request, std::string_view key) {
  const auto found = request.keys().find(key);
  return found != request.keys().end() && found->second.ends_ms &&
         std::chrono::floor<milliseconds>(request.at.started).count() > *found->second.ends_ms;
}

/// A watched key that has ended since counts as changed, even if it was not removed yet.
bool has_lost(const running& request) {
  const session_state& session = request.sender.session;
  if (session.has_lost) return true;
  for (const auto& [key, had_ended] : session.watched) {
    if (!had_ended && has_ended(request, key)) return true;
  }
  return false;
}

void forget_watches(running& request) {
  request.sender.session.watched.clear();
  request.sender.session.has_lost = false;
  request.server.watchers.erase(request.sender.number);
}

}  // namespace

void end_transaction(running& request) {
  session_state& session = request.sender.session;
  session.is_in_transaction = false;
  session.has_queued_error = false;
  session.queued.clear();
  forget_watches(request);
}

void run_discard(running& request) {
  if (!request.sender.session.is_in_transaction) throw error_reply{"ERR DISCARD without MULTI"};
  end_transaction(request);
  write_ok(request.out());
}

void run_exec(running& request) {
  session_state& session = request.sender.session;
  if (!session.is_in_transaction) throw error_reply{"ERR EXEC without MULTI"};
  const bool has_error = session.has_queued_error;
  const bool is_lost = has_lost(request);
  const auto queued = std::exchange(session.queued, {});
  end_transaction(request);
  if (has_error) {
    throw error_reply{"EXECABORT Transaction discarded because of previous errors."};
  }
  if (is_lost) {
    request.out() += request.is_resp3() ? "_\r\n" : "*-1\r\n";
    return;
  }
  write_head(request.out(), '*', queued.size());
  const auto own = request.arguments;
  for (const auto& words : queued) {
    const std::vector<std::string_view> views{words.begin(), words.end()};
    request.arguments = views;
    run_queued(request);
  }
  request.arguments = own;
}

void run_multi(running& request) {
  session_state& session = request.sender.session;
  if (session.is_in_transaction) throw error_reply{"ERR MULTI calls can not be nested"};
  session.is_in_transaction = true;
  write_ok(request.out());
}

void run_unwatch(running& request) {
  forget_watches(request);
  write_ok(request.out());
}

void run_watch(running& request) {
  session_state& session = request.sender.session;
  if (session.is_in_transaction) throw error_reply{"ERR WATCH inside MULTI is not allowed"};
  for (const std::string_view key : request.arguments.subspan(1))
    session.watched.try_emplace(std::string{key}, has_ended(request, key));
  request.server.watchers.insert(request.sender.number);
  write_ok(request.out());
}

}  // namespace drover::world
