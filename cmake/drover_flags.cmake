# SPDX-License-Identifier: MIT
# The compiler flags of all targets. They do not affect the installed interface.

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endif()

if(DROVER_SANITIZE)
  add_compile_options(-fsanitize=${DROVER_SANITIZE} -fno-sanitize-recover=all)
  add_compile_options(-fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DROVER_SANITIZE})
endif()
# The drover command reads bytes from any client and any server. The sanitizers check more than
# this.
if(PROJECT_IS_TOP_LEVEL AND DROVER_BUILD_TOOLS AND NOT DROVER_SANITIZE)
  add_compile_options(-fstack-protector-strong)
  add_link_options(LINKER:-z,relro,-z,now)
  # The simulated world of the tests replaces functions of the C library, and not their checked
  # variants.
  if(NOT DROVER_BUILD_TESTS)
    add_compile_options(
      "$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
  endif()
endif()
if(DROVER_FUZZ AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "DROVER_FUZZ needs clang: the fuzz targets are libFuzzer's")
endif()

function(drover_flags target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  if(DROVER_CHECKED)
    target_compile_definitions(${target} PRIVATE DROVER_CHECKED=1)
  endif()
  if(NOT target STREQUAL "drover")
    target_compile_options(${target} PRIVATE ${DROVER_OUTER_FLAGS})
  endif()
  if(NOT DROVER_WARNINGS_AS_ERRORS)
    return()
  endif()
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports overlaps in operator+ of std::string that do not exist (GCC bug 105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  else()
    target_compile_options(${target} PRIVATE -Wthread-safety)
  endif()
endfunction()

# With DROVER_PRECOMPILE, the standard headers that most files include, and the headers in ARGN, are
# compiled once for the target. A build without it must compile the same files.
function(drover_precompile target)
  if(DROVER_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <atomic> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional> <set>
      <span> <stop_token> <string> <string_view> <thread> <utility> <vector> ${ARGN})
  endif()
endfunction()

# Sets `out` to all files that match, except the tests and fuzz targets in the same folders.
function(drover_sources out)
  file(GLOB found CONFIGURE_DEPENDS ${ARGN})
  list(FILTER found EXCLUDE REGEX "_(test|fuzz)\\.cpp$")
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# Compiles up to `number` files of a folder as one file, which takes a quarter of the time, because
# headers are read and templates instantiated once. A `number` of 0 compiles each file alone, as
# test/package does with the library, and a build without a preset with everything. Both must
# compile, so names in unnamed namespaces must be unique within a folder.
function(drover_unite target number)
  if(NOT number)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # A local name may hide a name of another file in the unit, but no other local name.
  target_compile_options(${target} PRIVATE -Wno-shadow
    $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local>)
  foreach(file IN LISTS ARGN)
    cmake_path(GET file PARENT_PATH folder)
    file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${folder}")
    string(REPLACE "/" "_" folder "${folder}")
    if(NOT DEFINED count_${folder})
      set(count_${folder} 0)
    endif()
    math(EXPR batch "${count_${folder}} / ${number}")
    math(EXPR count_${folder} "${count_${folder}} + 1")
    set_source_files_properties("${file}" PROPERTIES UNITY_GROUP ${folder}_${batch})
  endforeach()
endfunction()

# Unites the test files that have a namespace of their own, such as drover::resp::reader_test in
# reader_test.cpp. Their names do not meet those of other files.
function(drover_unite_tests target)
  set(separate)
  foreach(file IN LISTS ARGN)
    cmake_path(GET file STEM name)
    file(STRINGS "${file}" found REGEX "^namespace [a-z_:]+::${name} {" LIMIT_COUNT 1)
    if(found)
      list(APPEND separate "${file}")
    endif()
  endforeach()
  drover_unite(${target} "${DROVER_UNITE_TESTS}" ${separate})
endfunction()
