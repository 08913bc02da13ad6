// SPDX-License-Identifier: MIT
// sample_page simulate|audit FOLDER: writes the pages that <which>_report_test.py looks at.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "audit_reports/html_report.hpp"
#include "audit_reports/sample_for_test.hpp"
#include "simulate_report/html_report.hpp"
#include "simulate_report/sample_for_test.hpp"
#include "simulate_report/svg.hpp"

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out{file, std::ios::binary};
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

void write_simulations(const std::filesystem::path& folder) {
  using namespace drover::simulate;
  write(folder / "herd.html", html_report(sample::herd()));
  write(folder / "troubled.html", html_report(sample::troubled()));
  write(folder / "hostile.html", html_report(sample::hostile()));
  write(folder / "herd.svg", svg_picture(sample::herd()));
}

void write_audits(const std::filesystem::path& folder) {
  using namespace drover::audit;
  write(folder / "a_unsafe.html", html_report(sample::unsafe()));  // most is clicked in the first
  write(folder / "b_hostile.html", html_report(sample::hostile()));
  write(folder / "c_safe.html", html_report(sample::safe()));
  write(folder / "d_quiet.html", html_report(sample::quiet()));
  write(folder / "e_large.html", html_report(sample::large()));
}

}  // namespace

int main(int count, char** arguments) try {
  const std::string which = count == 3 ? arguments[1] : "";
  if (which == "simulate") {
    write_simulations(arguments[2]);
  } else if (which == "audit") {
    write_audits(arguments[2]);
  } else {
    throw std::runtime_error("usage: sample_page simulate|audit FOLDER");
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
