// SPDX-License-Identifier: MIT
// A user of this machine, by number.
#pragma once

#include <sys/types.h>

namespace drover::process {

struct user {
  uid_t uid = 0;
  gid_t gid = 0;
};

}  // namespace drover::process
