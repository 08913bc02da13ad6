// SPDX-License-Identifier: MIT
#include "fault/plan/fault_kinds.hpp"

#include <algorithm>
#include <array>

#include "fault/plan/spec_settings.hpp"

namespace drover::faults {
namespace {

constexpr std::array<kind_description, fault_kind_count> kinds{{
    {fault_kind::delay, "delay",
     "The reply, or the request, arrives later. The order is kept. The delays of several faults "
     "add up.",
     "delay mean=20ms chance=10%"},
    {fault_kind::slice, "slice", "The reply arrives in slices of a few bytes.",
     "slice size=1 command=get"},
    {fault_kind::push, "push",
     "A RESP3 push arrives before the reply: an invalidation of the request's key, or any bytes.",
     "push bytes=\">2\\r\\n+message\\r\\n+hello\\r\\n\" nth=3"},
    {fault_kind::cut, "cut",
     "The connection ends in the middle of the reply: after N bytes, or at a random place.",
     "cut at=7 command=get nth=2"},
    {fault_kind::drop, "drop", "The reply is missing: the next reply arrives in its place.",
     "drop nth=5"},
    {fault_kind::duplicate, "duplicate", "The reply arrives twice.",
     "duplicate command=get chance=1%"},
    {fault_kind::error, "error", "The reply is an error instead.",
     "error code=READONLY command=set,del from=10s for=5s"},
    {fault_kind::reset, "reset",
     "The connection is reset, before or after (executed=yes) the server executes the request.",
     "reset executed=yes command=set chance=0.5%"},
    {fault_kind::half_open, "half-open",
     "The connection stays open, and nothing more is answered on it.",
     "half-open connection=2 nth=10"},
    {fault_kind::refuse, "refuse",
     "The connection is accepted and reset at once, before any request.", "refuse chance=5%"},
    {fault_kind::black_hole, "black-hole",
     "The connection is accepted, and nothing is ever answered on it.",
     "black-hole connection=1..3"},
    {fault_kind::down, "down",
     "All connections are reset, and new ones are refused, until the time is over.",
     "down from=5s for=2s period=30s"},
}};

constexpr std::array<server_error, 14> errors{{
    {"LOADING", "Redis is loading the dataset in memory"},
    {"OOM", "command not allowed when used memory > 'maxmemory'."},
    {"READONLY", "You can't write against a read only replica."},
    {"NOSCRIPT", "No matching script. Please use EVAL."},
    {"NOPERM", "this user has no permissions to run the command"},
    {"NOAUTH", "Authentication required."},
    {"WRONGPASS", "invalid username-password pair or user is disabled."},
    {"BUSY", "Redis is busy running a script."},
    {"MISCONF", "Errors writing to disk. Commands that may modify the data set are disabled."},
    {"MASTERDOWN", "Link with MASTER is down and replica-serve-stale-data is set to 'no'."},
    {"CLUSTERDOWN", "The cluster is down"},
    {"TRYAGAIN", "Multiple keys request during rehashing of slot"},
    {"EXECABORT", "Transaction discarded because of previous errors."},
    {"NOREPLICAS", "Not enough good replicas to write."},
}};

std::string with_placeholder(const setting& described) {
  return std::string{described.name} + '=' + std::string{described.placeholder};
}

/// The settings of the kind that do not belong to the selection, or "".
std::string own_settings_line(fault_kind kind) {
  std::string line;
  for (const setting& candidate : all_settings()) {
    if (candidate.is_own && candidate.is_for(kind)) line += "  " + with_placeholder(candidate);
  }
  return line.empty() ? "" : "  settings:" + line.substr(1) + '\n';
}

/// Names, meanings and placeholders of the settings.
std::string table_of_settings(bool of_selection) {
  constexpr std::size_t meaning_column = 26;
  std::string table;
  for (const setting& candidate : all_settings()) {
    if (candidate.is_own == of_selection) continue;
    std::string line = "  " + with_placeholder(candidate);
    line.resize(meaning_column, ' ');
    table += line + std::string{candidate.meaning} + '\n';
  }
  return table;
}

}  // namespace

std::span<const kind_description> all_kinds() { return kinds; }

std::string_view name_of(fault_kind kind) { return kinds[static_cast<std::size_t>(kind)].name; }

std::optional<fault_kind> kind_named(std::string_view name) {
  const auto found = std::ranges::find(kinds, name, &kind_description::name);
  if (found == kinds.end()) return std::nullopt;
  return found->kind;
}

std::string names_of_kinds() {
  std::string names;
  for (const kind_description& description : kinds) {
    if (!names.empty()) names += &description == &kinds.back() ? " or " : ", ";
    names += description.name;
  }
  return names;
}

std::span<const server_error> known_errors() { return errors; }

std::string list_of_kinds() {
  std::string list =
      "A fault is one line: KIND [NAME=VALUE ...]. Quote a value that contains blanks: "
      "\"...\".\n\n";
  for (const kind_description& description : kinds) {
    list += std::string{description.name} + '\n';
    list += "  " + std::string{description.effect} + '\n';
    list += own_settings_line(description.kind);
    list += "  example:  " + std::string{description.example} + "\n\n";
  }
  list += "Settings of these faults:\n" + table_of_settings(false);
  list +=
      "\nSettings that select the requests; refuse and black-hole have only connection, chance, "
      "from,\nfor, period and limit, and down has only from, for and period:\n" +
      table_of_settings(true);
  list += "\nError codes:";
  for (const server_error& error : errors) list += ' ' + std::string{error.code};
  return list + '\n';
}

}  // namespace drover::faults
