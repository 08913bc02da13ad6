// SPDX-License-Identifier: MIT
// Certificates for tests of TLS, made in memory: authorities, certificates of servers and clients,
// and revocation lists. Everything is text in PEM.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace drover::test {

struct certificate_and_key {
  std::string certificate;
  std::string key;
  long serial = 0;
};

/// What a certificate says. The times count from now.
struct certificate_options {
  std::vector<std::string> names{"DNS:localhost", "IP:127.0.0.1"};
  std::chrono::seconds from{-3600};
  std::chrono::seconds until{24 * 3600};
};

/// A certification authority. Its own certificate is self-signed.
///
/// Threads: one at a time.
class authority {
 public:
  explicit authority(const std::string& name);
  ~authority();
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;

  [[nodiscard]] std::string certificate() const;
  [[nodiscard]] certificate_and_key issue(const certificate_options& with = {});
  /// A list of revoked certificates, valid until the time from now.
  [[nodiscard]] std::string revocation_list(const std::vector<long>& serials,
                                            std::chrono::seconds until = std::chrono::hours{1});

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

/// A certificate that is its own authority, and of no use as one for others.
[[nodiscard]] certificate_and_key self_signed(const certificate_options& with = {});

/// A folder for one test, with files that it names.
class scratch_folder {
 public:
  scratch_folder();
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  /// Writes or replaces a file. Returns its path.
  std::string write(const std::string& name, std::string_view text) const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace drover::test
