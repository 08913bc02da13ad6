// SPDX-License-Identifier: MIT
// A second name of a server's socket that can be removed: clients that use it then cannot reach the
// server, which keeps its data.
#pragma once

#include <unistd.h>

#include <string>
#include <system_error>

#include "support/redis_server.hpp"

namespace drover::test {

class doorway {
 public:
  explicit doorway(const redis_server& to)
      : to_{to}, path_{to.socket_path() + ".door"}, inside_{to.connect()} {
    open();
  }
  ~doorway() { ::unlink(path_.c_str()); }
  doorway(const doorway&) = delete;
  doorway& operator=(const doorway&) = delete;

  [[nodiscard]] std::string url() const { return "unix://" + path_; }

  void open() {
    if (::link(to_.socket_path().c_str(), path_.c_str()) != 0) {
      throw std::system_error{errno, std::generic_category(), "link"};
    }
  }
  /// Removes the name and closes all connections to the server.
  void close() {
    ::unlink(path_.c_str());
    inside_.command({"CLIENT", "KILL", "TYPE", "normal"});
  }

 private:
  const redis_server& to_;
  const std::string path_;
  raw_client inside_;
};

}  // namespace drover::test
