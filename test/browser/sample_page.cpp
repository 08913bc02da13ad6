// SPDX-License-Identifier: MIT
// sample_page FOLDER: writes the pages that simulate_report_test.py looks at.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "simulate_report/html_report.hpp"
#include "simulate_report/sample_for_test.hpp"
#include "simulate_report/svg.hpp"

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out{file, std::ios::binary};
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace

int main(int count, char** arguments) try {
  using namespace drover::simulate;
  if (count != 2) throw std::runtime_error("usage: sample_page FOLDER");
  const std::filesystem::path folder = arguments[1];
  write(folder / "herd.html", html_report(sample::herd()));
  write(folder / "troubled.html", html_report(sample::troubled()));
  write(folder / "hostile.html", html_report(sample::hostile()));
  write(folder / "herd.svg", svg_picture(sample::herd()));
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
