// SPDX-License-Identifier: MIT
#include "audit/engine/history.hpp"

#include <cmath>
#include <cstdio>

#include "base/printing.hpp"

namespace drover::audit {

namespace {

constexpr std::size_t key_shown_max = 100;
/// Longer values are not tokens.
constexpr std::uint64_t shown_token_max = 128;

std::string token_text(const digest& value) {
  char text[16];
  std::snprintf(text, sizeof text, "#%04x", static_cast<unsigned>(value.hash & 0xffff));
  return text;
}

std::string value_text(const digest& value) {
  std::string text = std::to_string(value.length) + " bytes";
  if (value.length > 0 && value.length <= shown_token_max) text += " " + token_text(value);
  return text;
}

std::string ttl_text(const op_summary& summary) {
  switch (summary.on_ttl) {
    case ttl_effect::none: return ", no ttl";
    case ttl_effect::set: return ", ttl " + text_of(summary.ttl);
    case ttl_effect::kept: return "";
    case ttl_effect::unknown: break;
  }
  return ", ttl unknown";
}

std::string answer_text(const op_summary& summary, const char* yes, const char* no) {
  switch (summary.outcome) {
    case op_outcome::yes: return std::string(" -> ") + yes;
    case op_outcome::no: return std::string(" -> ") + no;
    case op_outcome::failed: return " -> error";
    case op_outcome::unknown: break;
  }
  return " -> ?";
}

std::string condition_text(const op_summary& summary) {
  switch (summary.condition) {
    case store_condition::none: return "";
    case store_condition::present: return " if present";
    case store_condition::equal: return " if unchanged";
    case store_condition::script: break;
  }
  return " if the script allows";
}

std::string token_part(const op_summary& summary) {
  return summary.value.hash == 0 ? std::string{} : " token " + token_text(summary.value);
}

}  // namespace

std::string text_of(moment duration) {
  const double us = static_cast<double>(duration.count());
  char text[48];
  if (std::abs(us) < 1e3) {
    std::snprintf(text, sizeof text, "%.0f us", us);
  } else if (std::abs(us) < 1e6) {
    std::snprintf(text, sizeof text, "%.*f ms", std::abs(us) < 1e4 ? 1 : 0, us / 1e3);
  } else if (std::abs(us) < 120e6) {
    std::snprintf(text, sizeof text, "%.*f s", std::abs(us) < 10e6 ? 1 : 0, us / 1e6);
  } else if (std::abs(us) < 7200e6) {
    std::snprintf(text, sizeof text, "%.0f min", us / 60e6);
  } else {
    std::snprintf(text, sizeof text, "%.0f h", us / 3600e6);
  }
  return text;
}

std::string text_of(const op_summary& summary, std::string_view key) {
  std::string text(summary.command);
  text += ' ';
  text += base::escape(key, key_shown_max);
  switch (summary.kind) {
    case op_kind::read:
      return text +
             answer_text(summary,
                         summary.value.length > 0 ? value_text(summary.value).c_str() : "hit",
                         "nothing");
    case op_kind::exists: return text + answer_text(summary, "there", "not there");
    case op_kind::store:
      return text + condition_text(summary) + " (" + value_text(summary.value) + ")" +
             ttl_text(summary) + answer_text(summary, "stored", "refused");
    case op_kind::acquire:
      return text + " if absent" + ttl_text(summary) + token_part(summary) +
             answer_text(summary, "won", "lost");
    case op_kind::remove: return text + answer_text(summary, "removed", "not there");
    case op_kind::compare_remove:
      return text + " compare and delete" + token_part(summary) +
             answer_text(summary, "removed", "refused");
    case op_kind::expire: return text + ttl_text(summary) + answer_text(summary, "set", "not set");
    case op_kind::compare_expire:
      return text + " compare and expire" + token_part(summary) + ttl_text(summary) +
             answer_text(summary, "set", "refused");
    case op_kind::change: return text + answer_text(summary, "done", "nothing");
    case op_kind::opaque: break;
  }
  return text + " (a script whose body was not seen)";
}

const history::line* history::find(std::uint64_t number) const {
  if (number == 0 || number > count_ || count_ - number >= ring_.size()) return nullptr;
  return &ring_[(number - 1) % max_];
}

void history::add(const op& operation, key_state& key) {
  if (max_ == 0) return;
  line new_line{op_summary(operation), key.ref, key.history};
  key.history = ++count_;
  if (ring_.size() < max_) {
    ring_.push_back(std::move(new_line));
  } else {
    ring_[(count_ - 1) % max_] = new_line;
  }
}

}  // namespace drover::audit
