// SPDX-License-Identifier: MIT
#include "connection/tls_sources.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/printing.hpp"
#include "connection/tls.hpp"

namespace drover::connection {
namespace {

constexpr std::uintmax_t pem_file_max = std::uintmax_t{4} << 20U;
constexpr std::size_t shown_path_max = 300;
constexpr std::size_t host_name_max = 253;

bool is_given(const pem_source& source) noexcept {
  return !source.file.empty() || !source.text.empty();
}

fault unreadable(std::string_view option, const std::string& path, std::string_view why) {
  return refused_option(std::string{option} + ".file: " + base::printable(path, shown_path_max) +
                        " cannot be read (" + std::string{why} +
                        "); name a PEM file that this process may read");
}

// A pipe or a device could block for ever, so only regular files are opened.
result<std::string> read_pem_file(std::string_view option, const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return unreadable(option, path, "there is no such file");
  }
  if (error) return unreadable(option, path, error.message());
  if (status.type() != fs::file_type::regular) {
    return unreadable(option, path, "it is not a regular file");
  }
  const std::uintmax_t size = fs::file_size(path, error);
  if (!error && size > pem_file_max) return unreadable(option, path, "it is longer than 4 MiB");
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file.is_open() || file.bad()) {
    const int code = errno != 0 ? errno : EIO;
    return unreadable(option, path, std::error_code{code, std::generic_category()}.message());
  }
  return text;
}

result<std::string> text_of(std::string_view option, const pem_source& source) {
  if (!source.file.empty() && !source.text.empty()) {
    return refused_option(std::string{option} + " has both a file and a text: give one of them");
  }
  return source.file.empty() ? result<std::string>{source.text}
                             : read_pem_file(option, source.file);
}

std::optional<fault> contradiction(const tls_options& with) {
  if (is_given(with.certificate) && !is_given(with.key)) {
    return refused_option("tls.certificate needs tls.key, its private key");
  }
  if (is_given(with.key) && !is_given(with.certificate)) {
    return refused_option("tls.key needs tls.certificate, the certificate of the client");
  }
  const bool is_name = std::all_of(with.server_name.begin(), with.server_name.end(), [](char c) {
    return c > ' ' && c < '\x7F' && c != '/' && c != '[' && c != ']';
  });
  if (!is_name || with.server_name.size() > host_name_max) {
    return refused_option("tls.server_name is neither a host name nor an IP address");
  }
  if (with.verify) return std::nullopt;
  const std::string_view idle = is_given(with.ca)           ? "tls.ca"
                                : is_given(with.crl)        ? "tls.crl"
                                : !with.server_name.empty() ? "tls.server_name"
                                                            : "";
  if (idle.empty()) return std::nullopt;
  return refused_option(std::string{idle} +
                        " has no effect while tls.verify is false: remove one of them");
}

}  // namespace

fault refused_option(std::string text) { return {fault_code::unsupported, std::move(text)}; }

std::string_view first_set_option(const tls_options& with) noexcept {
  if (is_given(with.ca)) return "tls.ca";
  if (is_given(with.certificate)) return "tls.certificate";
  if (is_given(with.key)) return "tls.key";
  if (is_given(with.crl)) return "tls.crl";
  if (!with.server_name.empty()) return "tls.server_name";
  return with.verify ? "" : "tls.verify";
}

result<tls_texts> read_sources(const tls_options& with) {
  tls_texts out;
  const struct {
    std::string_view option;
    const pem_source& source;
    std::string& into;
  } all[] = {{"tls.ca", with.ca, out.ca},
             {"tls.certificate", with.certificate, out.certificate},
             {"tls.key", with.key, out.key},
             {"tls.crl", with.crl, out.crl}};
  if (auto wrong = contradiction(with)) return *std::move(wrong);
  for (const auto& each : all) {
    auto text = text_of(each.option, each.source);
    if (!text) return text.error();
    if (is_given(each.source) && text->empty()) {
      return refused_option(std::string{each.option} + ".file: the file is empty");
    }
    each.into = *std::move(text);
  }
  return out;
}

}  // namespace drover::connection
