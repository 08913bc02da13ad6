// SPDX-License-Identifier: MIT
#include "fault/flow/reply_side.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace drover::faults {
namespace {

/// As large as any reply of a server; what is kept of a message is small in any case.
resp::limits limits_of_a_server() {
  resp::limits limits;
  limits.depth_max = 256;
  limits.elements_max = std::size_t{1} << 40U;
  limits.bulk_max = std::size_t{1} << 40U;
  limits.line_max = std::size_t{1} << 20U;
  limits.message_max = std::size_t{1} << 50U;
  return limits;
}

std::string invalidation_of(const std::string& key) {
  std::string message = ">2\r\n$10\r\ninvalidate\r\n";
  if (key.empty()) return message + "_\r\n";
  return message + "*1\r\n$" + std::to_string(key.size()) + "\r\n" + key + "\r\n";
}

}  // namespace

reply_side::reply_side(const decider& decisions, std::uint64_t connection, reply_queue& replies,
                       outbox& out, injection_sink& sink)
    : decisions_{decisions},
      connection_{connection},
      replies_{replies},
      out_{out},
      sink_{sink},
      scanner_{limits_of_a_server()} {}

void reply_side::receive(std::string_view bytes, microseconds now) {
  while (!bytes.empty() && ending_ == ending::none) {
    if (!is_in_message_ && is_queue_final_ && replies_.is_empty()) is_unread_ = true;
    if (is_unread_) return out_.append(bytes);
    if (!std::exchange(is_in_message_, true)) {
      is_push_ = bytes.front() == '>';
      if (!is_push_) begin_reply(now);
    }
    const scanned message = scan(bytes);
    if (is_push_ || replies_.next() == nullptr) {
      out_.append(bytes.substr(0, message.size));
    } else {
      take_reply(bytes.substr(0, message.size), now);
    }
    bytes.remove_prefix(message.size);
    if (message.is_complete) {
      is_in_message_ = false;
      if (!is_push_) end_reply(now);
      answer_locally(now);
    }
  }
}

/// The bytes up to the end of the message, or all of them. Broken bytes are one endless message.
reply_side::scanned reply_side::scan(std::string_view bytes) {
  scanned message;
  while (message.size < bytes.size()) {
    const resp::token token = scanner_.next(bytes.substr(message.size));
    if (token.kind == resp::token_kind::broken) {
      if (!std::exchange(is_unread_, true)) {
        sink_.passes_unchanged(
            connection_, "the bytes of the server are not RESP: " + std::string{scanner_.error()});
      }
      return {bytes.size(), false};
    }
    message.size += token.consumed;
    if (token.ends_message) return {message.size, true};
    if (token.kind == resp::token_kind::need_more) return {bytes.size(), false};
  }
  return message;
}

void reply_side::begin_reply(microseconds now) {
  received_ = 0;
  copy_.clear();
  const faulted_request* const request = replies_.next();
  if (request == nullptr) return;
  push_messages(*request, now);
  if (is_delivered(*request)) begin_delivery(*request, now);
}

const fault_spec* reply_side::fate_of(const faulted_request& request) const {
  return request.decision.fate ? &decisions_.specs()[*request.decision.fate] : nullptr;
}

/// Whether the client gets anything in place of the reply.
bool reply_side::is_delivered(const faulted_request& request) const {
  const fault_spec* const fate = fate_of(request);
  return fate == nullptr || fate->kind == fault_kind::cut || fate->kind == fault_kind::duplicate ||
         fate->kind == fault_kind::error;
}

void reply_side::push_messages(const faulted_request& request, microseconds now) {
  for (const std::size_t spec : request.decision.pushes) {
    const std::string& bytes = decisions_.specs()[spec].bytes;
    out_.append(bytes.empty() ? invalidation_of(request.key) : bytes);
    sink_.injected(event_of(request, spec, now));
  }
}

void reply_side::begin_delivery(const faulted_request& request, microseconds now) {
  delivery how;
  microseconds delay{0};
  for (const decided_delay& decided : request.decision.delays) {
    delay += decided.time;
    injection event = event_of(request, decided.spec, now);
    event.delay = decided.time;
    sink_.injected(std::move(event));
  }
  how.not_before = now + delay;
  if (request.decision.slices) {
    const fault_spec& slices = decisions_.specs()[*request.decision.slices];
    how.slice_size = slices.slice_size;
    how.slice_pause = slices.slice_pause;
    sink_.injected(event_of(request, *request.decision.slices, now));
  }
  out_.begin_reply(how);
}

void reply_side::take_reply(std::string_view bytes, microseconds now) {
  deliver(*replies_.next(), bytes, now);
  received_ += bytes.size();
}

void reply_side::deliver(const faulted_request& request, std::string_view bytes, microseconds now) {
  const fault_spec* const fate = fate_of(request);
  if (fate == nullptr) return out_.append(bytes);
  switch (fate->kind) {
    case fault_kind::duplicate:
      out_.append(bytes);
      if (received_ + bytes.size() <= duplicate_max) copy_ += bytes;
      return;
    case fault_kind::cut:
      if (!fate->cut_at) {
        copy_ += bytes.substr(0, random_cut_max - copy_.size());
        if (copy_.size() == random_cut_max) cut_at_random(request, now);
        return;
      }
      out_.append(bytes.substr(0, *fate->cut_at - std::min(received_, *fate->cut_at)));
      if (received_ + bytes.size() >= *fate->cut_at) cut(request, now);
      return;
    default: return;  // nothing of the reply is delivered
  }
}

void reply_side::cut_at_random(const faulted_request& request, microseconds now) {
  const double most = static_cast<double>(copy_.size() - 1);
  const double bytes = std::ceil(request.decision.cut_position * most);
  copy_.resize(static_cast<std::size_t>(std::clamp(bytes, 1.0, most)));
  out_.append(copy_);
  cut(request, now);
}

/// The bytes to be delivered are in the outbox.
void reply_side::cut(const faulted_request& request, microseconds now) {
  const fault_spec& fate = *fate_of(request);
  injection event;
  event.bytes = fate.cut_at ? *fate.cut_at : copy_.size();
  report_fate(request, now, std::move(event));
  end_with(fate.cuts_by_reset ? ending::by_reset : ending::by_end);
}

/// Also for a request that the server has not got: then without any byte of a reply.
void reply_side::end_reply(microseconds now) {
  const faulted_request* const request = replies_.next();
  if (request == nullptr) return replies_.pop();
  if (const fault_spec* const fate = fate_of(*request)) {
    injection event;
    switch (fate->kind) {
      case fault_kind::cut:
        if (ending_ != ending::none) return;
        if (!fate->cut_at) return cut_at_random(*request, now);
        event.bytes = received_;
        end_with(fate->cuts_by_reset ? ending::by_reset : ending::by_end);
        break;
      case fault_kind::duplicate:
        if (copy_.size() < received_) {
          event.failure = "the reply is larger than 1 MiB";
        } else {
          out_.append(copy_);
        }
        break;
      case fault_kind::error: out_.append(fate->bytes); break;
      case fault_kind::reset: end_with(ending::by_reset); break;
      case fault_kind::half_open: end_with(ending::by_silence); break;
      default: break;
    }
    report_fate(*request, now, std::move(event));
  }
  out_.end_reply();
  replies_.pop();
  copy_.clear();
}

void reply_side::answer_locally(microseconds now) {
  while (!is_in_message_ && ending_ == ending::none) {
    const faulted_request* const request = replies_.next();
    if (request == nullptr || request->is_executed) return;
    begin_reply(now);
    end_reply(now);
  }
}

void reply_side::end_with(ending how) {
  ending_ = how;
  out_.end_reply();
}

void reply_side::report_fate(const faulted_request& request, microseconds now, injection event) {
  injection full = event_of(request, *request.decision.fate, now);
  full.bytes = event.bytes;
  full.failure = std::move(event.failure);
  if (full.kind != fault_kind::cut && full.kind != fault_kind::duplicate) {
    full.is_executed = request.is_executed;
  }
  sink_.injected(std::move(full));
}

injection reply_side::event_of(const faulted_request& request, std::size_t spec,
                               microseconds now) const {
  injection event;
  event.spec = spec;
  event.kind = decisions_.specs()[spec].kind;
  event.at = now;
  event.connection = connection_;
  event.request = request.request;
  event.command = request.command;
  event.key = request.key;
  return event;
}

}  // namespace drover::faults
