// SPDX-License-Identifier: MIT
#include "audit/capture/request_event.hpp"

#include <algorithm>

#include "audit/capture/limits.hpp"

namespace drover::audit {
namespace {

bool is_option_word(std::string_view text, std::string_view word) noexcept {
  return text.size() == word.size() && std::equal(text.begin(), text.end(), word.begin(),
                                                  [](char a, char b) { return upper(a) == b; });
}

/// Whether the argument at `at` may be the body of a script.
bool may_be_script(const resp::request& request, std::size_t at) noexcept {
  const std::string_view name = request[0];
  if (is_option_word(name, "EVAL") || is_option_word(name, "EVAL_RO")) return at == 1;
  if (is_option_word(name, "SCRIPT")) return at == 2;
  return is_option_word(name, "FUNCTION") && (at == 2 || at == 3);
}

void assign_upper(std::string& into, std::string_view text) {
  into.resize(text.size());
  std::transform(text.begin(), text.end(), into.begin(), upper);
}

bool is_sha1(std::string_view text) noexcept {
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (upper(c) >= 'A' && upper(c) <= 'F');
  };
  return text.size() == 40 && std::all_of(text.begin(), text.end(), is_hex);
}

bool is_function_name(std::string_view text) noexcept {
  constexpr std::size_t function_name_max = 64;
  const auto may_stand = [](char c) {
    return (c >= '0' && c <= '9') || (upper(c) >= 'A' && upper(c) <= 'Z') || c == '_';
  };
  return text.size() <= function_name_max && std::all_of(text.begin(), text.end(), may_stand);
}

}  // namespace

resp::request_limits kept_of_requests() noexcept {
  resp::request_limits out;
  out.kept_bytes_max = name_bytes_max;
  out.kept_arguments_max = event::arguments_max + 2;
  return out;
}

void request_tail::skip(const resp::request& request, std::string_view bytes) {
  const std::size_t at = request.arguments.size() - 1;
  if (at == 0) return;
  if (open_ != at) {
    close();
    open_ = at;
    stream_.add(request[at]);
    if (script_at_ == 0 && may_be_script(request, at)) {
      script_at_ = at;
      script_ = request[at];
    }
  }
  stream_.add(bytes);
  if (script_at_ != at) return;
  if (request.arguments[at].length > script_bytes_max) {
    script_.clear();
  } else {
    script_ += bytes;
  }
}

const digest* request_tail::long_digest(std::size_t index) {
  close();
  const auto entry = std::find_if(long_.begin(), long_.end(),
                                  [index](const auto& match) { return match.first == index; });
  return entry == long_.end() ? nullptr : &entry->second;
}

const std::string* request_tail::long_script(std::size_t index) const noexcept {
  return script_at_ == index ? &script_ : nullptr;
}

void request_tail::clear() noexcept {
  long_.clear();
  open_ = 0;
  if (script_at_ != 0) script_ = {};
  script_at_ = 0;
}

void request_tail::close() {
  if (open_ != 0) long_.emplace_back(open_, stream_.take());
  open_ = 0;
}

bool is_http(const resp::request& request) noexcept {
  if (!request.is_inline || request.arguments.size() < 2) return false;
  const std::string_view last = request[request.arguments.size() - 1];
  return last.size() >= 5 && is_option_word(last.substr(0, 5), "HTTP/");
}

command_match request_events::find(const resp::request& from) noexcept {
  return find_command(from[0], from.arguments.size() > 1 ? from[1] : std::string_view{});
}

void request_events::make(const resp::request& from, request_tail& tail, const command_match& match,
                          event& into) {
  const std::size_t first = match.words;
  texts_.clear();
  for (std::size_t i = first; i < from.arguments.size(); ++i) texts_.push_back(from[i]);
  texts_.resize(std::min(texts_.size(), event::arguments_max));
  into.argument_count = from.argument_count - std::min(first, from.argument_count);
  into.arguments.resize(texts_.size());
  if (match.spec != nullptr) {
    into.command = match.spec->name();
    match.spec->assign(texts_, into.argument_count, roles_);
    if (is_http(from)) roles_.assign(texts_.size(), argument_role::secret);
  } else {
    const std::string_view name = from[0];
    assign_upper(into.command, is_like_command(name) ? name : std::string_view{});
    roles_.assign(texts_.size(), argument_role::value);
  }
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    set_field(from, tail, first + i, roles_[i], into);
  }
  if (match.spec == nullptr || texts_.empty()) return;
  const effect does = match.spec->does();
  if (does == effect::evalsha && is_sha1(texts_[0])) {
    into.script = texts_[0];
    for (char& c : into.script) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    core_.see_call(into.script);
  } else if (does == effect::fcall && is_function_name(texts_[0])) {
    into.script = texts_[0];
  }
  if (does == effect::eval || does == effect::evalsha || does == effect::fcall) note_ttl(into);
}

/// Keeps the ttl that is passed to a script as a word, like the ttl of a command. The engine needs
/// it.
void request_events::note_ttl(event& into) const {
  const unsigned position = core_.ttl_argument_of(into.script);
  if (position == 0) return;
  std::size_t at = 1;
  while (at + 1 < into.arguments.size() && into.arguments[at + 1].kind == field_kind::key) ++at;
  at += position;
  if (at >= texts_.size() || !is_number_word(texts_[at])) return;
  into.arguments[at].kind = field_kind::word;
  into.arguments[at].content_digest = {};
  assign_upper(into.arguments[at].text, texts_[at]);
}

void request_events::set_field(const resp::request& from, request_tail& tail, std::size_t at,
                               argument_role role, event& into) {
  field& out = into.arguments[at - (from.argument_count - into.argument_count)];
  if (role == argument_role::word) {
    out.kind = field_kind::word;
    assign_upper(out.text, from[at]);
    out.content_digest = {};
    return;
  }
  out.kind = role == argument_role::key ? field_kind::key : field_kind::value;
  out.content_digest = {};
  if (role != argument_role::secret) {
    const resp::argument& sent = from.arguments[at];
    const digest* const streamed = sent.kept < sent.length ? tail.long_digest(at) : nullptr;
    out.content_digest = streamed != nullptr ? *streamed : digest_of(core_.key(), from[at]);
  }
  if (role == argument_role::key) {
    core_.set_recorded_name(from[at], out.content_digest, out.text);
  } else {
    out.text.clear();
  }
  if (role == argument_role::script) {
    see_script(from, tail, at, find(from).spec->does(), into);
  }
}

void request_events::see_script(const resp::request& from, const request_tail& tail, std::size_t at,
                                effect does, event& into) {
  const std::string* const collected = tail.long_script(at);
  const std::string_view body = collected != nullptr ? std::string_view{*collected} : from[at];
  if (body.size() < from.arguments[at].length) return;  // the script is too long to be kept
  into.script = does == effect::function_load ? core_.see_library(body) : core_.see_body(body);
}

}  // namespace drover::audit
