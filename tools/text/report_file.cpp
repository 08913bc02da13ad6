// SPDX-License-Identifier: MIT
#include "text/report_file.hpp"

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "text/usage_error.hpp"

namespace drover::text {

report_file::report_file(const std::optional<std::filesystem::path>& to) {
  if (!to) return;
  if (to->empty()) throw usage_error{"--out '': give a file's name"};
  name_ = to->string();
  std::error_code ignored;
  const std::filesystem::file_status found = std::filesystem::status(*to, ignored);
  if (std::filesystem::is_directory(found)) {
    throw usage_error{"--out " + name_ + ": that is a folder; give a file's name"};
  }
  to_ = std::filesystem::weakly_canonical(*to, ignored);
  if (to_.empty()) to_ = *to;
  if (std::filesystem::exists(found) && !std::filesystem::is_regular_file(found)) {
    to_ = *to;
    return;
  }
  begun_ = to_;
  begun_ += ".part-" + std::to_string(::getpid());
  const std::ofstream attempt{begun_};
  if (!attempt) {
    begun_.clear();
    throw usage_error{"--out " + name_ +
                      ": no file can be made there; is there such a folder, and is it yours?"};
  }
}

report_file::~report_file() {
  std::error_code ignored;
  if (!begun_.empty()) std::filesystem::remove(begun_, ignored);
}

void report_file::write(std::string_view text) {
  if (name_.empty()) {
    std::cout << text << std::flush;
    if (!std::cout) throw std::runtime_error{"standard output takes no more of the report"};
  } else if (begun_.empty()) {
    std::ofstream stream{to_, std::ios::binary | std::ios::app};
    stream << text;
    stream.close();
    if (!stream) throw std::runtime_error{"--out " + name_ + ": writing it failed"};
  } else {
    write_beside(text);
  }
}

void report_file::write_beside(std::string_view text) {
  std::ofstream stream{begun_, std::ios::binary | std::ios::trunc};
  stream << text;
  stream.close();
  std::error_code error;
  if (stream) std::filesystem::rename(begun_, to_, error);
  if (!stream || error) {
    throw std::runtime_error{"--out " + name_ + ": writing it failed" +
                             (error ? " (" + error.message() + ")" : "; is the disk full?")};
  }
  begun_.clear();
}

}  // namespace drover::text
