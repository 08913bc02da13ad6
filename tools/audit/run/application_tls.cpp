// SPDX-License-Identifier: MIT
#include "audit/run/application_tls.hpp"

#include <fstream>

#include "text/usage_error.hpp"

namespace drover::audit {

application_tls::application_tls(const audit_options& options) {
  certificate_files files;
  if (options.certificate) {
    files = {options.certificate->first, options.certificate->second};
  } else if (options.makes_certificate) {
    folder_.emplace();
    const auto made = make_run_certificate(folder_->path());
    if (!made) throw text::usage_error{"--tls: " + made.error().text};
    files = made->files;
    authority_ = made->authority;
  } else {
    return;
  }
  auto acceptor = make_tls_acceptor(files);
  if (!acceptor) throw text::usage_error{acceptor.error().text};
  acceptor_ = *std::move(acceptor);
}

std::filesystem::path application_tls::authority_besides(
    const std::filesystem::path& others) const {
  const std::filesystem::path file = authority_.parent_path() / "authorities.pem";
  std::ofstream out{file};
  if (std::ifstream before{others}; before) out << before.rdbuf() << '\n';
  out.clear();  // an empty file is no failure
  out << std::ifstream{authority_}.rdbuf();
  return file;
}

}  // namespace drover::audit
