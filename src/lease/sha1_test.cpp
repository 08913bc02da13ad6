// SPDX-License-Identifier: MIT
#include "lease/sha1.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <string>

namespace drover::lease::sha1_test {
namespace {

std::string reference(const std::string& text) {
  unsigned char sum[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), sum);
  std::string digits;
  for (const unsigned char byte : sum) {
    digits += "0123456789abcdef"[byte >> 4U];
    digits += "0123456789abcdef"[byte & 0xFU];
  }
  return digits;
}

TEST(sha1, AgreesWithOpensslAtEveryLengthAroundItsBlocks) {
  std::string text;
  for (int length = 0; length < 300; ++length) {
    const sha1_digits digits = sha1_of(text);
    EXPECT_EQ(std::string(digits.data(), digits.size()), reference(text)) << length;
    text += static_cast<char>(length * 37);
  }
}

}  // namespace
}  // namespace drover::lease::sha1_test
