// SPDX-License-Identifier: MIT
// A second name of a server's socket, which can be taken away: the server is then out of reach for
// those who use it, and keeps its data.
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
  /// Nobody comes in any more, and everybody is sent out who came by either name.
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
