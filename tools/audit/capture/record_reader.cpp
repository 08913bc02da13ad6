// SPDX-License-Identifier: MIT
#include "audit/capture/record_reader.hpp"

#include <variant>

#include "audit/capture/record_text.hpp"

namespace drover::audit {

result<void> record_reader::read(std::string_view bytes, record_sink& sink) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (rest_.size() + part.size() > record_line_max) {
      ++lines_;
      return at_line("the line is longer than 4 MiB");
    }
    if (end == std::string_view::npos) {
      rest_ += part;
      return {};
    }
    bytes.remove_prefix(end + 1);
    result<void> line_result;
    if (rest_.empty()) {
      line_result = take(part, sink);
    } else {
      rest_ += part;
      line_result = take(rest_, sink);
      rest_.clear();
    }
    if (!line_result) return line_result;
  }
  return {};
}

result<void> record_reader::finish(record_sink& sink) {
  if (!rest_.empty()) {
    const std::string last = std::move(rest_);
    rest_.clear();
    ended_ = false;
    // The last line is read if only its line end is missing, and ignored if it was cut.
    if (read_line(last)) return take(last, sink);
  }
  if (begun_) return {};
  return fault{fault_code::corrupt, "not a recording: it contains no complete line"};
}

result<void> record_reader::take(std::string_view line, record_sink& sink) {
  ++lines_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  result<record> parsed = read_line(line);
  if (!parsed) return at_line(parsed.error().text);
  const result<void> checked = check(*parsed);
  if (!checked) return checked;
  sink.take(*parsed);
  return {};
}

result<void> record_reader::check(const record& next) {
  if (ended_) return at_line("a record after the \"end\"");
  if (const auto* const begin = std::get_if<capture_begun>(&next)) {
    if (begun_) return at_line("a second \"begin\"");
    if (begin->version != record_version) {
      return at_line("version " + std::to_string(begin->version) +
                     " of the format is not supported, only version " +
                     std::to_string(record_version) +
                     " is; use the version of drover that recorded it, or a later one");
    }
    begun_ = true;
  } else if (!begun_) {
    return at_line("a recording starts with \"begin\"");
  }
  if (const auto* const entry = std::get_if<event>(&next)) {
    if (entry->sequence <= sequence_) return at_line("\"sequence\" does not rise");
    sequence_ = entry->sequence;
  }
  ended_ = std::holds_alternative<capture_ended>(next);
  return {};
}

fault record_reader::at_line(std::string_view why) const {
  return {fault_code::corrupt, "line " + std::to_string(lines_) + ": " + std::string{why}};
}

}  // namespace drover::audit
