// SPDX-License-Identifier: MIT
#include "history/record.hpp"

#include <cstdio>

namespace drover::history {

namespace {

std::string milliseconds_since(std::uint64_t origin_ns, std::uint64_t at_ns) {
  const double ms = (static_cast<double>(at_ns) - static_cast<double>(origin_ns)) / 1e6;
  char text[40];
  std::snprintf(text, sizeof text, "%.3f", ms);
  return text;
}

}  // namespace

std::string to_string(action done) {
  switch (done) {
    case action::nothing: return "nothing";
    case action::get: return "get";
    case action::write: return "write";
    case action::invalidate: return "invalidate";
    case action::expire: return "expire";
    case action::load: return "load";
    case action::fault: return "fault";
    case action::connection_down: return "connection down";
    case action::process: return "process";
  }
  return "?";
}

std::string to_string(outcome how) {
  switch (how) {
    case outcome::open: return "open";
    case outcome::fresh: return "fresh";
    case outcome::stale: return "stale";
    case outcome::loaded: return "loaded";
    case outcome::joined: return "joined";
    case outcome::bypassed: return "bypassed";
    case outcome::failed: return "failed";
    case outcome::refused: return "refused";
    case outcome::mixed_up: return "mixed up";
    case outcome::done: return "done";
    case outcome::unknown: return "unknown";
    case outcome::threw: return "threw";
    case outcome::ended: return "ended";
    case outcome::killed: return "killed";
    case outcome::crashed: return "crashed";
    case outcome::hung: return "hung";
  }
  return "?";
}

std::string describe(const record& shown, std::uint64_t origin_ns) {
  std::string text = to_string(shown.action) + " " + to_string(shown.outcome);
  if (shown.action == action::fault || shown.action == action::process) {
    text += " " + std::to_string(shown.detail);
  } else {
    text += " of key " + std::to_string(cache_of(shown.key)) + "/" +
            std::to_string(shown.key & 0xFFFFU) + " version " + std::to_string(shown.version);
  }
  if (shown.process != everyone) text += " by process " + std::to_string(shown.process);
  if (shown.load_id != 0) text += " load " + std::to_string(shown.load_id);
  text += " from " + milliseconds_since(origin_ns, shown.begin_ns) + " to ";
  text += shown.has_ended() ? milliseconds_since(origin_ns, shown.end_ns) : "-";
  return text;
}

}  // namespace drover::history
