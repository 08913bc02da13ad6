// SPDX-License-Identifier: MIT
// The fields of each record, in the order of the format. The writer and the reader share this list:
// `describe(fields, record)` calls a member function of `fields` for each field. In the writer it
// appends the value, in the reader it sets the value.
#pragma once

#include <concepts>
#include <type_traits>

#include "audit/capture/record_names.hpp"

namespace drover::audit {

/// `T` is `Record` or `const Record`.
template <class T, class Record>
concept is_a = std::same_as<std::remove_const_t<T>, Record>;

void describe(auto& fields, is_a<digest> auto& digest) {
  fields.hash("hash", digest.hash);
  fields.number("bytes", digest.length);
  fields.word("looks", shape_names, digest.looks);
  fields.optional_word("known", known_names, digest.known, known_text::no);
}

/// An argument that is written as an object: a key or a value.
void describe(auto& fields, is_a<field> auto& argument) {
  if (argument.kind == field_kind::key) fields.text("key", argument.text);
  describe(fields, argument.content_digest);
}

void describe_item(auto& fields, auto& item) {
  fields.word("is", reply_names, item.kind);
  switch (item.kind) {
    case reply_kind::integer: fields.number("value", item.integer); break;
    case reply_kind::aggregate: fields.number("count", item.integer); break;
    case reply_kind::status:
    case reply_kind::error: fields.text("word", item.word); break;
    case reply_kind::text: describe(fields, item.content_digest); break;
    case reply_kind::null:
    case reply_kind::missing: break;
  }
}

void describe(auto& fields, is_a<reply_item> auto& item) { describe_item(fields, item); }

void describe(auto& fields, is_a<reply> auto& answer) {
  describe_item(fields, answer);
  if (answer.kind != reply_kind::aggregate) return;
  fields.objects("items", reply::items_max, answer.items);
}

void describe(auto& fields, is_a<capture_begun> auto& entry) {
  fields.number("version", entry.version);
  fields.text("tool", entry.tool);
  fields.number("unix_ms", entry.unix_ms);
  fields.flag("keys_hidden", entry.keys_hidden);
  fields.flag("active", entry.active);
  fields.optional_number("keys_per_million", entry.keys_per_million, all_keys);
}

void describe(auto& fields, is_a<connection_opened> auto& entry) {
  fields.number("connection", entry.connection);
  fields.time("at_us", entry.at);
  fields.number("pid", entry.pid);
  fields.text("process", entry.process);
}

void describe(auto& fields, is_a<connection_named> auto& entry) {
  fields.number("connection", entry.connection);
  fields.text("name", entry.name);
  fields.text("library", entry.library);
  fields.text("library_version", entry.library_version);
}

void describe(auto& fields, is_a<connection_closed> auto& entry) {
  fields.number("connection", entry.connection);
  fields.time("at_us", entry.at);
  fields.flag("by_client", entry.by_client);
}

void describe(auto& fields, is_a<script_seen::reply_sign> auto& sign) {
  fields.word("is", reply_names, sign.kind);
  fields.optional_flag("any", sign.any, true);
  if (sign.any) return;
  if (sign.kind == reply_kind::integer || sign.kind == reply_kind::aggregate) {
    fields.number("value", sign.integer);
  }
  if (sign.kind == reply_kind::text) describe(fields, sign.content_digest);
}

void describe(auto& fields, is_a<script_seen::key_effect> auto& effect) {
  fields.number("key", effect.key);
  fields.word("does", purpose_names, effect.does);
  fields.optional_number("token_argument", effect.token_argument, 0U);
  fields.optional_number("ttl_argument", effect.ttl_argument, 0U);
  fields.optional_number("value_argument", effect.value_argument, 0U);
  fields.optional_flag("ttl_in_seconds", effect.ttl_in_seconds, false);
  fields.optional_flag("no_ttl", effect.no_ttl, false);
  fields.optional_flag("always", effect.always, false);
  fields.optional_flag("may_not_try", effect.may_not_try, false);
  fields.optional_objects("yes", script_seen::key_effect::signs_max, effect.yes);
  fields.optional_objects("no", script_seen::key_effect::signs_max, effect.no);
}

void describe(auto& fields, is_a<script_seen> auto& entry) {
  fields.text("script", entry.script);
  fields.text("known_as", entry.known_as);
  fields.word("does", purpose_names, entry.does);
  fields.word("success", success_names, entry.says);
  fields.number("token_argument", entry.token_argument);
  fields.number("ttl_argument", entry.ttl_argument);
  fields.number("value_argument", entry.value_argument);
  fields.flag("ttl_in_seconds", entry.ttl_in_seconds);
  fields.texts("calls", event::arguments_max, entry.calls);
  fields.optional_objects("keys", script_seen::keys_max, entry.keys);
}

void describe(auto& fields, is_a<event> auto& entry) {
  fields.number("sequence", entry.sequence);
  fields.number("connection", entry.connection);
  fields.number("database", entry.database);
  fields.number("batch", entry.batch);
  fields.optional_number("transaction", entry.transaction, 0U);
  fields.optional_flag("executed", entry.executed, true);
  fields.time("sent_us", entry.sent);
  fields.time("done_us", entry.done);
  fields.text("command", entry.command);
  fields.arguments("arguments", event::arguments_max, entry.arguments);
  fields.number("argument_count", entry.argument_count);
  fields.optional_text("script", entry.script);
  fields.object("reply", entry.answer);
}

void describe(auto& fields, is_a<push_received> auto& entry) {
  fields.number("connection", entry.connection);
  fields.time("at_us", entry.at);
  fields.text("what", entry.kind);
  fields.texts("names", event::arguments_max, entry.names);
}

void describe(auto& fields, is_a<origin_loads> auto& entry) {
  fields.time("at_us", entry.at);
  fields.number("count", entry.count);
  fields.text("key", entry.key);
  fields.text("source", entry.source);
}

void describe(auto& fields, is_a<tool_acted> auto& entry) {
  fields.word("did", act_names, entry.action);
  fields.text("key", entry.key);
  fields.time("from_us", entry.from);
  fields.time("to_us", entry.to);
}

void describe(auto& fields, is_a<fault_injected> auto& entry) {
  fields.text("fault", entry.fault);
  fields.text("kind", entry.kind);
  fields.number("connection", entry.connection);
  fields.text("command", entry.command);
  fields.text("key", entry.key);
  fields.time("from_us", entry.at);
  fields.time("to_us", entry.to);
}

void describe(auto& fields, is_a<outage_planned> auto& entry) {
  fields.word("kind", outage_names, entry.kind);
  fields.time("from_us", entry.from);
  fields.time("to_us", entry.to);
  fields.time("recovery_until_us", entry.recovery_until);
}

void describe(auto& fields, is_a<application_checked> auto& entry) {
  fields.time("from_us", entry.from);
  fields.time("to_us", entry.to);
  fields.flag("served", entry.is_served);
  fields.optional_flag("last", entry.is_last, false);
  fields.optional_text("why", entry.why);
}

void describe(auto& fields, is_a<sight_lost> auto& entry) {
  fields.number("connection", entry.connection);
  fields.time("at_us", entry.at);
  fields.text("why", entry.why);
  fields.number("bytes", entry.bytes);
  fields.number("events", entry.events);
  fields.optional_number("keys_per_million", entry.keys_per_million, all_keys);
}

void describe(auto& fields, is_a<server_said> auto& entry) {
  fields.text("key", entry.key);
  fields.number("pttl", entry.pttl);
  fields.text("maxmemory_policy", entry.maxmemory_policy);
}

void describe(auto& fields, is_a<capture_ended> auto& entry) {
  fields.time("at_us", entry.at);
  fields.number("bytes", entry.bytes);
  fields.optional_number("commands", entry.commands, std::uint64_t{0});
}

}  // namespace drover::audit
