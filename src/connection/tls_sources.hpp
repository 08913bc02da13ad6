// SPDX-License-Identifier: MIT
// The texts that the options of TLS name, and the options that contradict each other.
//
// Threads: any.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>
#include <drover/tls_options.hpp>

#include <string>

namespace drover::connection {

/// The texts of the options, in PEM; empty when not given.
struct tls_texts {
  std::string ca;
  std::string certificate;
  std::string key;
  std::string crl;
};

[[nodiscard]] fault refused_option(std::string text);

/// Reads the files. The text of a fault names the option and the remedy.
[[nodiscard]] result<tls_texts> read_sources(const tls_options& with);

}  // namespace drover::connection
