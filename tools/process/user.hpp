// SPDX-License-Identifier: MIT
// Somebody on this machine, in the system's numbers.
#pragma once

#include <sys/types.h>

namespace drover::process {

struct user {
  uid_t uid = 0;
  gid_t gid = 0;
};

}  // namespace drover::process
