# SPDX-License-Identifier: MIT
# drover_support: the code that tests and benchmarks share (test/support), such as a private
# redis-server. Targets that link it can include the internal headers of the library.

# Debian's redis-tools contains the server under another name.
find_program(DROVER_REDIS_PROGRAM NAMES redis-server redis-check-rdb valkey-server)
mark_as_advanced(DROVER_REDIS_PROGRAM)
set(redis_server "${PROJECT_BINARY_DIR}/bin/redis-server")
if(DROVER_REDIS_PROGRAM)
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  file(CREATE_LINK "${DROVER_REDIS_PROGRAM}" "${redis_server}" SYMBOLIC)
endif()

drover_sources(support_files "${PROJECT_SOURCE_DIR}/test/support/*.cpp")
if(NOT support_files)
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/empty.cpp" CONTENT "")
  set(support_files "${PROJECT_BINARY_DIR}/empty.cpp")
endif()
add_library(drover_support STATIC EXCLUDE_FROM_ALL ${support_files})
drover_flags(drover_support)
drover_unite(drover_support "${DROVER_UNITE}" ${support_files})
set_property(SOURCE "${PROJECT_SOURCE_DIR}/test/support/document.cpp" APPEND PROPERTY
  COMPILE_DEFINITIONS DROVER_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_include_directories(drover_support PUBLIC
  "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/test")
target_compile_definitions(drover_support PUBLIC DROVER_REDIS_SERVER="${redis_server}")
find_package(OpenSSL 3 REQUIRED COMPONENTS SSL Crypto)
target_link_libraries(drover_support PUBLIC
  drover::drover OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
