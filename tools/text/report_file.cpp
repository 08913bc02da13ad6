// SPDX-License-Identifier: MIT
#include "text/report_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "text/private_file.hpp"
#include "text/usage_error.hpp"

namespace drover::text {

report_file::report_file(const std::optional<std::filesystem::path>& path) {
  if (!path) return;
  if (path->empty()) throw usage_error{"--out '': the name of the file is empty"};
  name_ = path->string();
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(*path, ignored);
  if (std::filesystem::is_directory(status)) {
    throw usage_error{"--out " + name_ + ": is a directory"};
  }
  target_ = std::filesystem::weakly_canonical(*path, ignored);
  if (target_.empty()) target_ = *path;
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    target_ = *path;
    return;
  }
  partial_ = target_;
  partial_ += ".part-" + std::to_string(::getpid());
  // A report contains names of keys. An older report keeps its mode, which its owner has chosen.
  const int attempt =
      ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, private_mode);
  if (attempt < 0) {
    partial_.clear();
    throw usage_error{"cannot create " + name_ + ": the directory is missing or not writable"};
  }
  ::close(attempt);
  if (std::filesystem::exists(status)) {
    std::filesystem::permissions(partial_, status.permissions(), ignored);
  }
}

report_file::~report_file() {
  std::error_code ignored;
  if (!partial_.empty()) std::filesystem::remove(partial_, ignored);
}

void report_file::write(std::string_view text) {
  if (name_.empty()) {
    std::cout << text << std::flush;
    if (!std::cout) throw std::runtime_error{"cannot write the report to standard output"};
  } else if (partial_.empty()) {
    std::ofstream stream{target_, std::ios::binary | std::ios::app};
    stream << text;
    stream.close();
    if (!stream) throw std::runtime_error{"--out " + name_ + ": write failed"};
  } else {
    write_beside(text);
  }
}

void report_file::write_beside(std::string_view text) {
  std::ofstream stream{partial_, std::ios::binary | std::ios::trunc};
  stream << text;
  stream.close();
  std::error_code error;
  if (stream) std::filesystem::rename(partial_, target_, error);
  if (!stream || error) {
    throw std::runtime_error{"--out " + name_ + ": write failed" +
                             (error ? " (" + error.message() + ")" : "; the disk may be full")};
  }
  partial_.clear();
}

}  // namespace drover::text
