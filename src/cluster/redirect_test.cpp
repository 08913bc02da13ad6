// SPDX-License-Identifier: MIT
#include "cluster/redirect.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::cluster::redirect_test {
namespace {

using kind = redirect_kind;

TEST(redirect, NamesTheSlotAndTheNode) {
  const struct {
    const char* error;
    redirect means;
  } cases[] = {
      {"MOVED 3999 127.0.0.1:6381", {kind::moved, 3999, {"127.0.0.1", 6381}}},
      {"ASK 0 10.0.0.2:1", {kind::ask, 0, {"10.0.0.2", 1}}},
      {"MOVED 16383 cache-2.example.com:65535",
       {kind::moved, 16383, {"cache-2.example.com", 65535}}},
      {"MOVED 1 ::1:7000", {kind::moved, 1, {"::1", 7000}}},
      {"ASK 1 [fe80::1%eth0]:7000", {kind::ask, 1, {"fe80::1%eth0", 7000}}},
      {"MOVED 12182 :21002", {kind::moved, 12182, {"", 21002}}},
      {"MOVED 12182 ?:21002", {kind::moved, 12182, {"", 21002}}},
      {"TRYAGAIN Multiple keys request during rehashing of slot", {.kind = kind::try_again}},
      {"CLUSTERDOWN The cluster is down", {.kind = kind::cluster_down}},
      {"CLUSTERDOWN", {.kind = kind::cluster_down}},
      {"CROSSSLOT Keys in request don't hash to the same slot", {.kind = kind::cross_slot}},
  };
  for (const auto& test_case : cases) {
    const auto read = read_redirect(test_case.error);
    ASSERT_TRUE(read) << test_case.error;
    EXPECT_EQ(*read, test_case.means) << test_case.error;
  }
}

TEST(redirect, WithoutAHostLeadsToTheHostThatWasAsked) {
  const base::host_port asked{"gate.example", 6379};
  EXPECT_EQ(target_of(*read_redirect("MOVED 1 :7001"), asked),
            (base::host_port{"gate.example", 7001}));
  EXPECT_EQ(target_of(*read_redirect("ASK 1 10.0.0.2:7001"), asked),
            (base::host_port{"10.0.0.2", 7001}));
}

TEST(redirect, GarbageIsNone) {
  for (const std::string& error : {std::string{},
                                   std::string{"ERR x"},
                                   std::string{"MOVED"},
                                   std::string{"MOVED "},
                                   std::string{"MOVED 1"},
                                   std::string{"MOVED 1 "},
                                   std::string{"MOVED 1 host"},
                                   std::string{"MOVED 1 host:"},
                                   std::string{"MOVED 1 host:0"},
                                   std::string{"MOVED 1 host:65536"},
                                   std::string{"MOVED 1 host:-1"},
                                   std::string{"MOVED 16384 host:1"},
                                   std::string{"MOVED 99999999999 host:1"},
                                   std::string{"MOVED -1 host:1"},
                                   std::string{"MOVED  1 host:1"},
                                   std::string{"MOVED 1 host:1 "},
                                   std::string{"MOVED 1 ho st:1"},
                                   std::string{"MOVED 1 ho\nst:1"},
                                   std::string{"MOVED 1 []:1 x"},
                                   std::string{"moved 1 h:1"},
                                   std::string{"MOVEDX 1 h:1"},
                                   std::string{"ASKING"},
                                   std::string{"TRYAGAINX"},
                                   std::string{"CLUSTERDOWNX"},
                                   std::string("MOVED 1 h\0:1", 12),
                                   "MOVED 1 " + std::string(256, 'h') + ":1"}) {
    EXPECT_FALSE(read_redirect(error)) << error;
  }
}

}  // namespace
}  // namespace drover::cluster::redirect_test
