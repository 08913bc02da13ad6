// SPDX-License-Identifier: MIT
#include <drover/codecs/zstd.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "base/random.hpp"

namespace drover::test {

struct zstd_page {
  std::string text;
  bool operator==(const zstd_page&) const = default;
};

}  // namespace drover::test

template <>
struct drover::codec<drover::test::zstd_page>
    : drover::zstd_codec<
          drover::test::zstd_page,
          drover::member_codec<drover::test::zstd_page, &drover::test::zstd_page::text>,
          drover::zstd_options{.threshold = 100, .decoded_max = 1 << 20}> {};

namespace drover::test::zstd_codec_test {
namespace {

using pages = codec<zstd_page>;
using strings = zstd_codec<std::string, codec<std::string>,
                           zstd_options{.threshold = 100, .decoded_max = 1 << 20}>;

std::string noise(std::size_t size) {
  base::seeded_random random{4};
  std::string bytes(size, ' ');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

TEST(zstd_codec, BringsBackWhatItEncoded) {
  for (const std::string& text : {std::string{}, std::string{"short"}, std::string(10'000, 'x'),
                                  noise(10'000), std::string((1 << 20) - 8, 'y')}) {
    EXPECT_EQ(pages::decode(pages::encode({text}))->text, text) << text.size();
  }
}

TEST(zstd_codec, CompressesAboveTheThresholdAndWhatGetsShorter) {
  EXPECT_EQ(strings::encode(std::string(99, 'x')).size(), 100U);
  EXPECT_LT(strings::encode(std::string(100, 'x')).size(), 50U);
  EXPECT_EQ(strings::encode(noise(5000)).size(), 5001U);
}

TEST(zstd_codec, HasASchemaOfItsOwn) {
  using plain = member_codec<zstd_page, &zstd_page::text>;
  EXPECT_NE(schema_of<zstd_page>, plain::schema);
  EXPECT_GE(strings::schema, 0x80000000U);
}

TEST(zstd_codec, RefusesAValueThatWouldNotBeReadBack) {
  EXPECT_THROW(static_cast<void>(strings::encode(std::string((1 << 20) + 1, 'x'))),
               std::length_error);
}

TEST(zstd_codec, RefusesADecompressionBomb) {
  using large = zstd_codec<std::string, codec<std::string>>;
  const std::string bomb = large::encode(std::string(60 << 20, '\0'));
  EXPECT_LT(bomb.size(), 10'000U);
  EXPECT_TRUE(large::decode(bomb).has_value());
  EXPECT_EQ(strings::decode(bomb).error().code, fault_code::corrupt);
}

/// A frame of a stream, whose header does not name its size.
std::string frame_without_size(const std::string& plain) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  std::string bytes(ZSTD_compressBound(plain.size()), '\0');
  bytes.resize(ZSTD_compress2(context, bytes.data(), bytes.size(), plain.data(), plain.size()));
  ZSTD_freeCCtx(context);
  return '\1' + bytes;
}

TEST(zstd_codec, RefusesOtherBytes) {
  const std::string bytes = strings::encode(std::string(1000, 'x'));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(strings::decode(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(strings::decode("\2abc"));
  EXPECT_FALSE(strings::decode("\1"));
  EXPECT_FALSE(strings::decode(frame_without_size(std::string(1000, 'x'))));
  EXPECT_FALSE(strings::decode(bytes + bytes.substr(1))) << "two frames";
}

TEST(zstd_codec, ReadsDamagedBytesWithoutHarm) {
  base::seeded_random random{5};
  const std::string bytes = strings::encode(noise(300) + std::string(3000, 'x'));
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = bytes;
    damaged[random.next() % damaged.size()] = static_cast<char>(random.next());
    const result<std::string> read = strings::decode(damaged);
    EXPECT_TRUE(!read || read->size() <= std::size_t{1} << 20U);
  }
}

}  // namespace
}  // namespace drover::test::zstd_codec_test
