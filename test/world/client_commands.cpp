// SPDX-License-Identifier: MIT
// The commands about connections: CLIENT, and publish/subscribe.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "world/command_handlers.hpp"
#include "world/keys.hpp"
#include "world/pushes.hpp"
#include "world/reply_writer.hpp"

namespace drover::world {
namespace {

struct tracking_options {
  bool opts_in = false;
  bool opts_out = false;
  bool has_no_loop = false;
};

tracking_options read_tracking_options(const running& by) {
  tracking_options read;
  for (const std::string_view argument : by.arguments.subspan(3)) {
    const std::string word = lower_case(argument);
    if (word == "bcast" || word == "prefix" || word == "redirect") {
      throw unsupported_request{
          "the model of the server does not know the option of CLIENT TRACKING: " + word};
    }
    if (word == "optin") {
      read.opts_in = true;
    } else if (word == "optout") {
      read.opts_out = true;
    } else if (word == "noloop") {
      read.has_no_loop = true;
    } else {
      throw error_reply{std::string{syntax_error}};
    }
  }
  return read;
}

void turn_on(session_state& of, const tracking_options& with) {
  if (with.opts_in && with.opts_out) {
    throw error_reply{"ERR You can't specify both OPTIN mode and OPTOUT mode"};
  }
  if ((with.opts_in && of.opts_out) || (with.opts_out && of.opts_in)) {
    throw error_reply{
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and "
        "then re-enabling it with a different mode."};
  }
  of.is_tracking = true;
  of.opts_in = with.opts_in;
  of.opts_out = with.opts_out;
  of.has_no_loop = with.has_no_loop;
}

/// The fields that Redis 7.0 has, in its order. Only id, name, db, sub, user and resp mean
/// something here.
std::string line_of(const session_state& shown) {
  const std::string_view flags = shown.is_tracking ? "t" : "N";
  return "id=" + std::to_string(shown.id) +
         " addr=127.0.0.1:1 laddr=127.0.0.1:6379 fd=8 name=" + shown.name +
         " age=0 idle=0 flags=" + std::string{flags} +
         " db=" + std::to_string(shown.database_index) +
         " sub=" + std::to_string(shown.channels.size()) +
         " psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=1024 rbp=0 obl=0 "
         "oll=0 omem=0 tot-mem=0 events=r cmd=NULL user=default redir=-1 resp=" +
         (shown.is_resp3 ? "3" : "2") + "\n";
}

void write_subscription(running& by, std::string_view verb,
                        const std::optional<std::string>& channel) {
  write_head(by.out(), '>', 3);
  write_bulk(by.out(), verb);
  if (channel) {
    write_bulk(by.out(), *channel);
  } else {
    write_null(by.out(), true);
  }
  write_integer(by.out(), static_cast<std::int64_t>(by.by.session.channels.size()));
}

/// nullptr: nobody with this id is connected.
client* open_client(model_state& on, client_id id) {
  const auto has_id = [id](const auto& known) {
    return known.second.is_open && known.second.session.id == id;
  };
  const auto found = std::ranges::find_if(on.clients, has_id);
  return found == on.clients.end() ? nullptr : &found->second;
}

void need_resp3(const running& by) {
  if (by.is_resp3()) return;
  throw unsupported_request{"the model of the server knows SUBSCRIBE only after HELLO 3"};
}

}  // namespace

void check_client_name(std::string_view name) {
  if (std::ranges::any_of(name, [](char c) { return c < '!' || c > '~'; })) {
    throw error_reply{"ERR Client names cannot contain spaces, newlines or special characters."};
  }
}

void run_client_caching(running& by) {
  session_state& of = by.by.session;
  if (!of.is_tracking) {
    throw error_reply{
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
        "OPTOUT mode enabled"};
  }
  const std::string word = lower_case(by.arguments[2]);
  if (word == "yes") {
    if (!of.opts_in) {
      throw error_reply{
          "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."};
    }
  } else if (word == "no") {
    if (!of.opts_out) {
      throw error_reply{
          "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."};
    }
  } else {
    throw error_reply{std::string{syntax_error}};
  }
  of.has_caching = true;
  write_ok(by.out());
}

void run_client_getname(running& by) {
  const std::string& name = by.by.session.name;
  if (name.empty()) return write_null(by.out(), by.is_resp3());
  write_bulk(by.out(), name);
}

void run_client_id(running& by) {
  write_integer(by.out(), static_cast<std::int64_t>(by.by.session.id));
}

void run_client_kill(running& by) {
  const auto& words = by.arguments;
  const auto id = words.size() == 4 ? parse_integer(words[3]) : std::nullopt;
  if (words.size() != 4 || lower_case(words[2]) != "id" || !id || *id <= 0) {
    throw unsupported_request{"the model of the server knows CLIENT KILL only as CLIENT KILL ID n"};
  }
  client* const found = open_client(by.on, static_cast<client_id>(*id));
  write_integer(by.out(), found != nullptr ? 1 : 0);
  if (found == nullptr) return;
  if (found == &by.by) {
    by.by.closes_after_reply = true;
  } else {
    found->is_open = false;
  }
}

void run_client_list(running& by) {
  const auto& words = by.arguments;
  if (words.size() == 2 || lower_case(words[2]) != "id") {
    throw unsupported_request{"the model of the server knows CLIENT LIST only with ID"};
  }
  if (words.size() == 3) throw error_reply{std::string{syntax_error}};
  const bool is_valkey = by.on.settings.family == server_family::valkey_8_1;
  std::vector<client_id> ids;
  for (const std::string_view text : words.subspan(3)) {
    const std::int64_t id = integer_in(text, is_valkey ? syntax_error : "ERR Invalid client ID");
    if (is_valkey && id <= 0) throw error_reply{"ERR client-id should be greater than 0"};
    ids.push_back(static_cast<client_id>(id));
  }
  if (is_valkey) {  // each of them once, the oldest first
    std::ranges::sort(ids);
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
  }
  std::string lines;
  for (const client_id id : ids) {
    if (const client* const found = open_client(by.on, id)) lines += line_of(found->session);
  }
  write_text(by.out(), lines, by.is_resp3());
}

void run_client_setname(running& by) {
  check_client_name(by.arguments[2]);
  by.by.session.name = by.arguments[2];
  write_ok(by.out());
}

void run_client_tracking(running& by) {
  const tracking_options with = read_tracking_options(by);
  const std::string word = lower_case(by.arguments[2]);
  session_state& of = by.by.session;
  if (word == "on") {
    turn_on(of, with);
  } else if (word == "off") {
    of.is_tracking = of.opts_in = of.opts_out = of.has_no_loop = of.has_caching = false;
  } else {
    throw error_reply{std::string{syntax_error}};
  }
  write_ok(by.out());
}

void run_publish(running& by) {
  write_integer(by.out(), publish(by, by.arguments[1], by.arguments[2]));
}

void run_subscribe(running& by) {
  need_resp3(by);
  for (const std::string_view channel : by.arguments.subspan(1)) {
    by.by.session.channels.emplace(channel);
    write_subscription(by, "subscribe", std::string{channel});
  }
}

void run_unsubscribe(running& by) {
  need_resp3(by);
  auto& channels = by.by.session.channels;
  std::vector<std::string> left;
  for (const std::string_view channel : by.arguments.subspan(1)) left.emplace_back(channel);
  if (left.empty() && channels.empty()) return write_subscription(by, "unsubscribe", std::nullopt);
  if (left.empty() && channels.size() > 1) {
    throw unsupported_request{
        "the model of the server does not know in which order Redis leaves several channels"};
  }
  if (left.empty()) left.assign(channels.begin(), channels.end());
  for (const std::string& channel : left) {
    channels.erase(channel);
    write_subscription(by, "unsubscribe", channel);
  }
}

}  // namespace drover::world
