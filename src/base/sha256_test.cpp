// SPDX-License-Identifier: MIT
#include "base/sha256.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <string>

#include "base/random.hpp"

namespace drover::base::sha256_test {
namespace {

std::string hex_of(std::string_view bytes) {
  std::string digits;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    digits += "0123456789abcdef"[byte >> 4U];
    digits += "0123456789abcdef"[byte & 0xFU];
  }
  return digits;
}

std::string sum_of(std::string_view bytes) {
  const auto sum = sha256_of(bytes);
  return hex_of({sum.data(), sum.size()});
}

// The examples in FIPS 180.
TEST(sha256, IsThatOfTheStandardsExamples) {
  EXPECT_EQ(sum_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sum_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sum_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sum_of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(sha256, AgreesWithOpensslAtEveryLengthAroundItsBlocks) {
  seeded_random random{1};
  for (std::size_t size = 0; size <= 400; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random.next() & 0xFFU);
    unsigned char sum[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), sum);
    EXPECT_EQ(sum_of(bytes), hex_of({reinterpret_cast<const char*>(sum), sizeof sum})) << size;
  }
}

}  // namespace
}  // namespace drover::base::sha256_test
