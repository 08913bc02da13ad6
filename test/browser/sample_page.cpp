// SPDX-License-Identifier: MIT
// sample_page simulate|audit FOLDER: writes the pages for the tests in <which>_report_test.py.
// sample_page audit_files FOLDER: writes the files for test/audit/report_files_test.py.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "audit/report/html_report.hpp"
#include "audit/report/json_report.hpp"
#include "audit/report/junit_report.hpp"
#include "audit/report/sample_for_test.hpp"
#include "audit/report/sarif_report.hpp"
#include "simulate/report/html_report.hpp"
#include "simulate/report/sample_for_test.hpp"
#include "simulate/report/svg.hpp"

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
  // The tests click mostly on the first page.
  write(folder / "a_unsafe.html", html_report(sample::unsafe()));
  write(folder / "b_hostile.html", html_report(sample::hostile()));
  write(folder / "c_safe.html", html_report(sample::safe()));
  write(folder / "d_quiet.html", html_report(sample::quiet()));
  write(folder / "e_large.html", html_report(sample::large()));
  write(folder / "f_many.html", html_report(sample::many()));
}

void write_audit_files(const std::filesystem::path& folder) {
  using namespace drover::audit;
  const std::vector<std::pair<std::string, audit_result>> samples{{"unsafe", sample::unsafe()},
                                                                  {"hostile", sample::hostile()},
                                                                  {"safe", sample::safe()},
                                                                  {"harmless", sample::harmless()},
                                                                  {"quiet", sample::quiet()}};
  located locations;
  locations.places["user:*"] = {"src/a b/%7e.py", 42};
  locations.left_out = sample::evil_names()[0];
  for (const auto& [name, result] : samples) {
    write(folder / (name + ".json"), json_report(result));
    write(folder / (name + ".xml"), junit_report(result));
    write(folder / (name + ".sarif"), sarif_report(result, locations));
  }
}

}  // namespace

int main(int count, char** arguments) try {
  const std::string which = count == 3 ? arguments[1] : "";
  if (which == "simulate") {
    write_simulations(arguments[2]);
  } else if (which == "audit") {
    write_audits(arguments[2]);
  } else if (which == "audit_files") {
    write_audit_files(arguments[2]);
  } else {
    throw std::runtime_error("usage: sample_page simulate|audit|audit_files FOLDER");
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
