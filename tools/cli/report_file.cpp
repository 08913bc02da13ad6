// SPDX-License-Identifier: MIT
#include "cli/report_file.hpp"

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "cli/usage_error.hpp"

namespace drover::cli {

report_file::report_file(const std::optional<std::filesystem::path>& to) {
  if (!to) return;
  to_ = *to;
  begun_ = to_;
  begun_ += ".part-" + std::to_string(::getpid());
  std::error_code ignored;
  if (std::filesystem::is_directory(to_, ignored)) {
    throw usage_error{"--out " + to_.string() + ": that is a folder; give a file's name"};
  }
  const std::ofstream attempt{begun_};
  if (!attempt) {
    begun_.clear();
    throw usage_error{"--out " + to_.string() +
                      ": no file can be made there; is there such a folder, and is it yours?"};
  }
}

report_file::~report_file() {
  std::error_code ignored;
  if (!begun_.empty()) std::filesystem::remove(begun_, ignored);
}

void report_file::write(std::string_view text) {
  if (to_.empty()) {
    std::cout << text;
    return;
  }
  std::ofstream stream{begun_, std::ios::binary | std::ios::trunc};
  stream << text;
  stream.close();
  if (!stream) throw std::runtime_error{"--out " + to_.string() + ": writing it failed"};
  std::filesystem::rename(begun_, to_);
  begun_.clear();
}

}  // namespace drover::cli
