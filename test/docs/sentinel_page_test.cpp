// SPDX-License-Identifier: MIT
// Tests of the code in docs/how-to/sentinel.md. What it does is tested on real groups in
// test/integration/sentinel_tls_test.cpp.
#include <drover/cache.hpp>

#include <gtest/gtest.h>

#include <string>

#include "support/certificates.hpp"

namespace drover::test::sentinel_page_test {
namespace {

TEST(sentinel_page, TlsIsPartOfTheUrl) {
  const std::string authority = test::authority{"page"}.certificate();
  drover::client redis{{.url = "rediss+sentinel://app:secret@s1.example,s2.example/SERVICE",
                        .tls = {.ca = {.text = authority}}}};
  EXPECT_EQ(redis.availability().state, availability::unknown);
}

}  // namespace
}  // namespace drover::test::sentinel_page_test
