// SPDX-License-Identifier: MIT
#include "text/progress_line.hpp"

#include <unistd.h>

#include <string>

#include "text/text_layout.hpp"

namespace drover::text {

void progress_line::show(std::string_view text) {
  if (!terminal_.is_live) return;
  const std::string line = clipped(text, terminal_.width - 1);
  if (line == last_ && shown_ != 0) return;
  last_ = line;
  const std::size_t columns = columns_of(line);
  std::string bytes = "\r" + line;
  if (columns < shown_) bytes += std::string(shown_ - columns, ' ');
  shown_ = columns;
  write(bytes);
}

void progress_line::clear() {
  if (shown_ == 0) return;
  write("\r" + std::string(shown_, ' ') + "\r");
  shown_ = 0;
}

void progress_line::note(std::string_view text) {
  if (!terminal_.is_live) write(std::string{text} + '\n');
}

void progress_line::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written <= 0) return;  // progress is not essential
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace drover::text
