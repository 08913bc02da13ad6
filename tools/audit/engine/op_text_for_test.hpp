// SPDX-License-Identifier: MIT
// Writes commands, replies and ops as short texts, so that tests can be tables.
//
// Command: the name (with "_" for a blank in it), then the arguments: `@a` is a key, `=x` a value,
// anything else a word: "SET @a =x PX 5000".
// Reply: "ok", "nil", "text", "empty" (an empty text), a number, "[3]" (an aggregate of three
// items), "[tn]" (an aggregate of a text and a nil), "[1 7]" (an aggregate of integers), "error",
// "missing", "is:none" (a status).
// Ops: "store a yes 5000ms", separated by commas.
#pragma once

#include <cstdint>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "audit/engine/normaliser.hpp"

namespace drover::audit::testing {

inline digest digest_of_text(std::string_view text) {
  return {text.empty() ? 0 : (std::hash<std::string_view>{}(text) | 1U), text.size(), shape::text};
}

inline event command_of(const std::string& text) {
  event command;
  std::istringstream words(text);
  words >> command.command;
  for (char& letter : command.command) {
    if (letter == '_') letter = ' ';
  }
  for (std::string word; words >> word;) {
    field argument;
    argument.kind = word[0] == '@'   ? field_kind::key
                    : word[0] == '=' ? field_kind::value
                                     : field_kind::word;
    const std::string rest = argument.kind == field_kind::word ? word : word.substr(1);
    if (argument.kind != field_kind::value) argument.text = rest;
    if (argument.kind != field_kind::word) argument.content_digest = digest_of_text(rest);
    command.arguments.push_back(std::move(argument));
  }
  command.argument_count = command.arguments.size();
  return command;
}

inline reply reply_of(const std::string& text) {
  using kind = reply_kind;
  reply result;
  if (text == "ok") {
    result.kind = kind::status;
    result.word = "OK";
  } else if (text.starts_with("is:")) {
    result.kind = kind::status;
    result.word = text.substr(3);
  } else if (text == "nil") {
    result.kind = kind::null;
  } else if (text == "text" || text == "empty") {
    result.kind = kind::text;
    result.content_digest = digest_of_text(text == "text" ? text : "");
  } else if (text == "error" || text.starts_with("error:")) {
    result.kind = kind::error;
    result.word = text == "error" ? "ERR" : text.substr(6);
  } else if (text == "missing") {
    result.kind = kind::missing;
  } else if (text.starts_with('[')) {
    result.kind = kind::aggregate;
    const std::string inside = text.substr(1, text.size() - 2);
    if (inside.find(' ') != std::string::npos) {
      std::istringstream numbers(inside);
      for (reply_item item; numbers >> item.integer;) {
        item.kind = kind::integer;
        result.items.push_back(item);
      }
      result.integer = static_cast<std::int64_t>(result.items.size());
      return result;
    }
    if (inside.find_first_not_of("tn") != std::string::npos) {
      result.integer = std::stoi(inside);
      return result;
    }
    result.integer = static_cast<std::int64_t>(inside.size());
    for (const char letter : inside) {
      reply_item item;
      item.kind = letter == 't' ? kind::text : kind::null;
      item.content_digest = digest_of_text(letter == 't' ? "text" : "");
      result.items.push_back(item);
    }
  } else {
    result.kind = kind::integer;
    result.integer = std::stoll(text);
  }
  return result;
}

inline std::string text_of(op_kind kind) {
  switch (kind) {
    case op_kind::read: return "read";
    case op_kind::exists: return "exists";
    case op_kind::store: return "store";
    case op_kind::acquire: return "acquire";
    case op_kind::remove: return "remove";
    case op_kind::compare_remove: return "compare-remove";
    case op_kind::expire: return "expire";
    case op_kind::compare_expire: return "compare-expire";
    case op_kind::change: return "change";
    case op_kind::opaque: break;
  }
  return "opaque";
}

inline std::string text_of(op_outcome outcome) {
  switch (outcome) {
    case op_outcome::yes: return "yes";
    case op_outcome::no: return "no";
    case op_outcome::failed: return "failed";
    case op_outcome::unknown: break;
  }
  return "unknown";
}

inline std::string text_of(const op& operation) {
  std::string text =
      text_of(operation.kind) + " " + std::string(operation.key) + " " + text_of(operation.outcome);
  if (operation.on_ttl == ttl_effect::set)
    text += " " + std::to_string(operation.ttl.count() / 1000) + "ms";
  if (operation.on_ttl == ttl_effect::kept) text += " kept";
  if (operation.on_ttl == ttl_effect::unknown) text += " some-ttl";
  if (operation.condition == store_condition::present) text += " if-present";
  if (operation.condition == store_condition::equal) text += " if-equal";
  if (operation.condition == store_condition::script) text += " if-script";
  if (operation.part) text += " part";
  return text;
}

template <class Ops>
std::string text_of_all(const Ops& all) {
  std::string text;
  for (const op& operation : all) text += (text.empty() ? "" : ", ") + text_of(operation);
  return text;
}

}  // namespace drover::audit::testing
