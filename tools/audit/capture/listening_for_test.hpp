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

inline std::string text_of(const reply_item& item) {
  switch (item.kind) {
    case reply_kind::null: return "null";
    case reply_kind::status: return "+" + item.word;
    case reply_kind::error: return "-" + item.word;
    case reply_kind::integer: return ":" + std::to_string(item.integer);
    case reply_kind::text: return "$" + std::to_string(item.content_digest.length);
    case reply_kind::aggregate: return "*" + std::to_string(item.integer);
    case reply_kind::missing: return "missing";
  }
  return "?";
}

inline std::string text_of(const reply& answer) {
  std::string out = text_of(static_cast<const reply_item&>(answer));
  if (answer.items.empty()) return out;
  out += '[';
  for (const reply_item& item : answer.items) out += (out.back() == '[' ? "" : " ") + text_of(item);
  return out + ']';
}

/// For example "SET k:user v3 PX 1000 -> +OK".
inline std::string text_of(const event& command) {
  std::string out = command.command;
  for (const field& argument : command.arguments) {
    out += ' ';
    if (argument.kind == field_kind::word) out += argument.text;
    if (argument.kind == field_kind::key) out += "k:" + argument.text;
    if (argument.kind == field_kind::value)
      out += "v" + std::to_string(argument.content_digest.length);
  }
  if (command.argument_count > command.arguments.size())
    out += " of " + std::to_string(command.argument_count);
  if (command.database != 0) out += " db" + std::to_string(command.database);
  if (command.transaction != 0) out += " tx" + std::to_string(command.transaction);
  if (!command.executed) out += " not run";
  return out + " -> " + text_of(command.answer);
}

inline std::string text_of(const record& item) {
  if (const auto* const command = std::get_if<event>(&item)) return text_of(*command);
  if (const auto* const push = std::get_if<push_received>(&item)) {
    std::string out = "push " + push->kind;
    for (const std::string& name : push->names) out += ' ' + name;
    return out;
  }
  if (const auto* const lost = std::get_if<sight_lost>(&item)) {
    std::string out = "lost: " + lost->why;
    if (lost->bytes > 0) out += ", bytes " + std::to_string(lost->bytes);
    if (lost->events > 0) out += ", events " + std::to_string(lost->events);
    return out;
  }
  if (const auto* const named = std::get_if<connection_named>(&item)) {
    return "name " + named->name + '/' + named->library + '/' + named->library_version;
  }
  if (const auto* const script = std::get_if<script_seen>(&item)) return "script " + script->script;
  if (std::holds_alternative<connection_opened>(item)) return "open";
  if (std::holds_alternative<connection_closed>(item)) return "close";
  return "other";
}

using words = std::vector<std::string_view>;

class listening {
 public:
  explicit listening(const capture_options& options = {.hash_key = {1, 2}})
      : subject{options, kept} {}

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
  std::vector<std::string> new_lines() {
    std::vector<std::string> out;
    for (; reported_count < kept.all.size(); ++reported_count) {
      if (!std::holds_alternative<connection_opened>(kept.all[reported_count])) {
        out.push_back(text_of(kept.all[reported_count]));
      }
    }
    return out;
  }

  kept_records kept;
  capture subject;
  moment now{};
  conversation talk{subject, {.connection = 1, .at = {}, .pid = 0, .process = "test"}};
  std::size_t reported_count = 0;
};

}  // namespace drover::audit::sample
