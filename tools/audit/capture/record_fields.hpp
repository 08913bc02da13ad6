// SPDX-License-Identifier: MIT
// The fields of each record, in the order of the format. The writer and the reader both go by this
// one list: `describe(fields, record)` calls a member function of `fields` for each field. The
// writer's `fields` appends the value, the reader's sets it.
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
}

/// An argument that is not a bare text: a key or a value.
void describe(auto& fields, is_a<field> auto& argument) {
  if (argument.kind == field_kind::key) fields.text("key", argument.text);
  describe(fields, argument.of);
}

void describe_item(auto& fields, auto& item) {
  fields.word("is", reply_names, item.kind);
  switch (item.kind) {
    case reply_kind::integer: fields.number("value", item.integer); break;
    case reply_kind::aggregate: fields.number("count", item.integer); break;
    case reply_kind::status:
    case reply_kind::error: fields.text("word", item.word); break;
    case reply_kind::text: describe(fields, item.of); break;
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

void describe(auto& fields, is_a<capture_begun> auto& record) {
  fields.number("version", record.version);
  fields.text("tool", record.tool);
  fields.number("unix_ms", record.unix_ms);
  fields.flag("keys_hidden", record.keys_hidden);
  fields.flag("active", record.active);
}

void describe(auto& fields, is_a<connection_opened> auto& record) {
  fields.number("connection", record.connection);
  fields.time("at_us", record.at);
  fields.number("pid", record.pid);
  fields.text("process", record.process);
}

void describe(auto& fields, is_a<connection_named> auto& record) {
  fields.number("connection", record.connection);
  fields.text("name", record.name);
  fields.text("library", record.library);
  fields.text("library_version", record.library_version);
}

void describe(auto& fields, is_a<connection_closed> auto& record) {
  fields.number("connection", record.connection);
  fields.time("at_us", record.at);
  fields.flag("by_client", record.by_client);
}

void describe(auto& fields, is_a<script_seen> auto& record) {
  fields.text("script", record.script);
  fields.text("known_as", record.known_as);
  fields.word("does", purpose_names, record.does);
  fields.word("success", success_names, record.says);
  fields.number("token_argument", record.token_argument);
  fields.number("ttl_argument", record.ttl_argument);
  fields.number("value_argument", record.value_argument);
  fields.flag("ttl_in_seconds", record.ttl_in_seconds);
  fields.texts("calls", event::arguments_max, record.calls);
}

void describe(auto& fields, is_a<event> auto& record) {
  fields.number("sequence", record.sequence);
  fields.number("connection", record.connection);
  fields.number("database", record.database);
  fields.number("batch", record.batch);
  fields.optional_number("transaction", record.transaction, 0U);
  fields.optional_flag("executed", record.executed, true);
  fields.time("sent_us", record.sent);
  fields.time("done_us", record.done);
  fields.text("command", record.command);
  fields.arguments("arguments", event::arguments_max, record.arguments);
  fields.number("argument_count", record.argument_count);
  fields.optional_text("script", record.script);
  fields.object("reply", record.answer);
}

void describe(auto& fields, is_a<push_received> auto& record) {
  fields.number("connection", record.connection);
  fields.time("at_us", record.at);
  fields.text("what", record.kind);
  fields.texts("names", event::arguments_max, record.names);
}

void describe(auto& fields, is_a<origin_loads> auto& record) {
  fields.time("at_us", record.at);
  fields.number("count", record.count);
  fields.text("key", record.key);
  fields.text("source", record.source);
}

void describe(auto& fields, is_a<tool_acted> auto& record) {
  fields.word("did", act_names, record.did);
  fields.text("key", record.key);
  fields.time("from_us", record.from);
  fields.time("to_us", record.to);
}

void describe(auto& fields, is_a<sight_lost> auto& record) {
  fields.number("connection", record.connection);
  fields.time("at_us", record.at);
  fields.text("why", record.why);
  fields.number("bytes", record.bytes);
  fields.number("events", record.events);
  fields.optional_number("one_in", record.one_in, 1U);
}

void describe(auto& fields, is_a<server_said> auto& record) {
  fields.text("key", record.key);
  fields.number("pttl", record.pttl);
  fields.text("maxmemory_policy", record.maxmemory_policy);
}

void describe(auto& fields, is_a<capture_ended> auto& record) {
  fields.time("at_us", record.at);
  fields.number("bytes", record.bytes);
}

}  // namespace drover::audit
