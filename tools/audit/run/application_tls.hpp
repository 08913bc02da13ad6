// SPDX-License-Identifier: MIT
// TLS between the application and the proxy: the certificate that was given, or one that is made
// for the run.
//
// Threads: one at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "audit/proxy/tls_acceptor.hpp"
#include "audit/run/audit_options.hpp"
#include "process/scratch_folder.hpp"

namespace drover::audit {

class application_tls {
 public:
  /// Throws text::usage_error that names the file and the remedy.
  explicit application_tls(const audit_options& options);

  /// nullptr: the application does not use TLS.
  [[nodiscard]] const std::shared_ptr<tls_acceptor>& acceptor() const noexcept { return acceptor_; }
  /// The authority of a certificate that was made for the run. Its file lasts as long as this
  /// object. Empty: there is none.
  [[nodiscard]] const std::filesystem::path& authority() const noexcept { return authority_; }
  /// A file with the authorities in `others` and this one, which lasts as long. If `others` cannot
  /// be read, it has this one only.
  [[nodiscard]] std::filesystem::path authority_besides(const std::filesystem::path& others) const;

 private:
  std::optional<process::scratch_folder> folder_;
  std::shared_ptr<tls_acceptor> acceptor_;
  std::filesystem::path authority_;
};

}  // namespace drover::audit
