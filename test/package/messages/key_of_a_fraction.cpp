// SPDX-License-Identifier: MIT
// says: a part of this key has no drover::key_codec
// says: Floating-point numbers have none
#include <drover/key.hpp>

int main() { return drover::key("weight", 0.5).empty() ? 0 : 1; }
