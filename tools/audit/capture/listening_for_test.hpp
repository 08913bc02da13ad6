// SPDX-License-Identifier: MIT
// A conversation that a test feeds, and its records as lines to compare. For tests only.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "audit/capture/conversation.hpp"
#include "audit/capture/sample_for_test.hpp"
#include "resp/writer.hpp"

namespace drover::audit::sample {

inline std::string shown(const reply_item& of) {
  switch (of.kind) {
    case reply_kind::null: return "null";
    case reply_kind::status: return "+" + of.word;
    case reply_kind::error: return "-" + of.word;
    case reply_kind::integer: return ":" + std::to_string(of.integer);
    case reply_kind::text: return "$" + std::to_string(of.of.length);
    case reply_kind::aggregate: return "*" + std::to_string(of.integer);
    case reply_kind::missing: return "missing";
  }
  return "?";
}

inline std::string shown(const reply& of) {
  std::string out = shown(static_cast<const reply_item&>(of));
  if (of.items.empty()) return out;
  out += '[';
  for (const reply_item& each : of.items) out += (out.back() == '[' ? "" : " ") + shown(each);
  return out + ']';
}

/// For example "SET k:user v3 PX 1000 -> +OK".
inline std::string shown(const event& of) {
  std::string out = of.command;
  for (const field& each : of.arguments) {
    out += ' ';
    if (each.kind == field_kind::word) out += each.text;
    if (each.kind == field_kind::key) out += "k:" + each.text;
    if (each.kind == field_kind::value) out += "v" + std::to_string(each.of.length);
  }
  if (of.argument_count > of.arguments.size()) out += " of " + std::to_string(of.argument_count);
  if (of.database != 0) out += " db" + std::to_string(of.database);
  if (of.transaction != 0) out += " tx" + std::to_string(of.transaction);
  if (!of.executed) out += " not run";
  return out + " -> " + shown(of.answer);
}

inline std::string shown(const record& of) {
  if (const auto* const one = std::get_if<event>(&of)) return shown(*one);
  if (const auto* const one = std::get_if<push_received>(&of)) {
    std::string out = "push " + one->kind;
    for (const std::string& each : one->names) out += ' ' + each;
    return out;
  }
  if (const auto* const one = std::get_if<sight_lost>(&of)) {
    std::string out = "lost: " + one->why;
    if (one->bytes > 0) out += ", bytes " + std::to_string(one->bytes);
    if (one->events > 0) out += ", events " + std::to_string(one->events);
    return out;
  }
  if (const auto* const one = std::get_if<connection_named>(&of)) {
    return "name " + one->name + '/' + one->library + '/' + one->library_version;
  }
  if (const auto* const one = std::get_if<script_seen>(&of)) return "script " + one->script;
  if (std::holds_alternative<connection_opened>(of)) return "open";
  if (std::holds_alternative<connection_closed>(of)) return "close";
  return "other";
}

using words = std::vector<std::string_view>;

class listening {
 public:
  explicit listening(const capture_options& options = {.hash_key = {1, 2}}) : of{options, kept} {}

  /// Feeds bytes of the client. `ask` feeds a command.
  listening& client(std::string_view bytes) {
    now += moment{1};
    talk.client_sent(bytes, now);
    return *this;
  }
  listening& server(std::string_view bytes) {
    now += moment{1};
    talk.server_sent(bytes, now);
    return *this;
  }
  listening& ask(const words& command) {
    std::string wire;
    resp::write_command(wire, command);
    return client(wire);
  }
  listening& ask(const words& command, std::string_view answer) {
    return ask(command).server(answer);
  }
  void close() { talk.closed(now += moment{1}, true); }

  /// The records since the last call, without `connection_opened`.
  std::vector<std::string> heard() {
    std::vector<std::string> out;
    for (; told < kept.all.size(); ++told) {
      if (!std::holds_alternative<connection_opened>(kept.all[told])) {
        out.push_back(shown(kept.all[told]));
      }
    }
    return out;
  }

  kept_records kept;
  capture of;
  moment now{};
  conversation talk{of, {.connection = 1, .at = {}, .pid = 0, .process = "test"}};
  std::size_t told = 0;
};

}  // namespace drover::audit::sample
