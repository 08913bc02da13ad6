# SPDX-License-Identifier: MIT
# cmake -DINPUT=FILE -DOUTPUT=FILE.cpp -DHEADER=H.hpp -DNAME=N::M -P embed_text.cmake
#
# Writes a source file that defines drover::N::M, declared in H.hpp, as the text of INPUT.
file(READ "${INPUT}" text)
string(FIND "${text}" ")drover_text" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "${INPUT} contains the end marker of the raw string: )drover_text")
endif()
string(REPLACE "::" "_" array "embedded_${NAME}")  # several such files may be compiled as one
file(WRITE "${OUTPUT}" "// Made from ${INPUT}
#include \"${HEADER}\"
#pragma GCC diagnostic ignored \"-Woverlength-strings\"
namespace {
constexpr char ${array}[] = R\"drover_text(")
file(APPEND "${OUTPUT}" "${text}")
file(APPEND "${OUTPUT}" ")drover_text\";
}
const std::string_view drover::${NAME}{${array}, sizeof ${array} - 1};
")
