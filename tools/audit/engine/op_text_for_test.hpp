// SPDX-License-Identifier: MIT
// Commands, replies and ops as short texts, so that tests are tables.
//
// A command: its name ("_" for the blank in it), then `@a` a key, `=x` a value, else a word:
// "SET @a =x PX 5000". A reply: "ok", "nil", "text", "empty", a number, "[3]" an aggregate of so
// many, "[tn]" one of a text and a nil, "error", "missing", "is:none" a status.
// Ops: "store a yes 5000ms", with a comma between two.
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
  event made;
  std::istringstream words(text);
  words >> made.command;
  for (char& each : made.command) {
    if (each == '_') each = ' ';
  }
  for (std::string word; words >> word;) {
    field one;
    one.kind = word[0] == '@'   ? field_kind::key
               : word[0] == '=' ? field_kind::value
                                : field_kind::word;
    const std::string rest = one.kind == field_kind::word ? word : word.substr(1);
    if (one.kind != field_kind::value) one.text = rest;
    if (one.kind != field_kind::word) one.of = digest_of_text(rest);
    made.arguments.push_back(std::move(one));
  }
  made.argument_count = made.arguments.size();
  return made;
}

inline reply reply_of(const std::string& text) {
  using kind = reply_kind;
  reply made;
  if (text == "ok") {
    made.kind = kind::status;
    made.word = "OK";
  } else if (text.starts_with("is:")) {
    made.kind = kind::status;
    made.word = text.substr(3);
  } else if (text == "nil") {
    made.kind = kind::null;
  } else if (text == "text" || text == "empty") {
    made.kind = kind::text;
    made.of = digest_of_text(text == "text" ? text : "");
  } else if (text == "error") {
    made.kind = kind::error;
    made.word = "ERR";
  } else if (text == "missing") {
    made.kind = kind::missing;
  } else if (text.starts_with('[')) {
    made.kind = kind::aggregate;
    const std::string inside = text.substr(1, text.size() - 2);
    if (inside.find_first_not_of("tn") != std::string::npos) {
      made.integer = std::stoi(inside);
      return made;
    }
    made.integer = static_cast<std::int64_t>(inside.size());
    for (const char each : inside) {
      reply_item item;
      item.kind = each == 't' ? kind::text : kind::null;
      item.of = digest_of_text(each == 't' ? "text" : "");
      made.items.push_back(item);
    }
  } else {
    made.kind = kind::integer;
    made.integer = std::stoll(text);
  }
  return made;
}

inline std::string text_of(op_kind is) {
  switch (is) {
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

inline std::string text_of(op_outcome came) {
  switch (came) {
    case op_outcome::yes: return "yes";
    case op_outcome::no: return "no";
    case op_outcome::failed: return "failed";
    case op_outcome::unknown: break;
  }
  return "unknown";
}

inline std::string text_of(const op& what) {
  std::string text = text_of(what.kind) + " " + std::string(what.key) + " " + text_of(what.outcome);
  if (what.on_ttl == ttl_effect::set) text += " " + std::to_string(what.ttl.count() / 1000) + "ms";
  if (what.on_ttl == ttl_effect::kept) text += " kept";
  if (what.on_ttl == ttl_effect::unknown) text += " some-ttl";
  if (what.condition == store_condition::present) text += " if-present";
  if (what.condition == store_condition::equal) text += " if-equal";
  if (what.condition == store_condition::script) text += " if-script";
  if (what.part) text += " part";
  return text;
}

template <class Ops>
std::string text_of_all(const Ops& all) {
  std::string text;
  for (const op& each : all) text += (text.empty() ? "" : ", ") + text_of(each);
  return text;
}

}  // namespace drover::audit::testing
