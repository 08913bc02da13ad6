# SPDX-License-Identifier: MIT
# The library. The layers are listed from the lowest to the highest. scripts/layers.txt says which
# layers each of them may include.

set(DROVER_LAYERS base entry resp cluster lease fetch connection store cache metrics)

find_package(Threads REQUIRED)
find_path(DROVER_XXHASH_INCLUDE xxhash.h REQUIRED)
mark_as_advanced(DROVER_XXHASH_INCLUDE)

# TLS needs OpenSSL. Without it, rediss:// URLs are refused.
if(DROVER_WITH_TLS)
  find_package(OpenSSL 3 COMPONENTS SSL Crypto)
  if(NOT OpenSSL_FOUND)
    message(FATAL_ERROR "OpenSSL 3, which drover needs for TLS, is missing. On Debian: apt-get "
      "install libssl-dev. Or build without TLS: -DDROVER_WITH_TLS=OFF")
  endif()
endif()

set(drover_files)
foreach(layer IN LISTS DROVER_LAYERS)
  drover_sources(layer_files "${PROJECT_SOURCE_DIR}/src/${layer}/*.cpp")
  list(APPEND drover_files ${layer_files})
endforeach()
if(DROVER_WITH_TLS)
  list(FILTER drover_files EXCLUDE REGEX "/tls_left_out\\.cpp$")
else()
  list(FILTER drover_files EXCLUDE REGEX "/openssl_[a-z]+\\.cpp$")
endif()
file(GLOB_RECURSE drover_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/drover/*.hpp")
# These headers need packages that the library does not. They are installed, and whoever includes
# one needs its package.
file(GLOB drover_codec_headers CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/include/drover/codecs/*.hpp")
list(REMOVE_ITEM drover_headers ${drover_codec_headers})

if(NOT drover_files)
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/empty.cpp" CONTENT "")
  set(drover_files "${PROJECT_BINARY_DIR}/empty.cpp")
endif()
add_library(drover ${drover_files})
add_library(drover::drover ALIAS drover)
drover_flags(drover)
drover_precompile(drover)
drover_unite(drover "${DROVER_UNITE}" ${drover_files})
target_sources(drover PUBLIC
  FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${drover_headers}
  FILE_SET codec_headers TYPE HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${drover_codec_headers})
set_target_properties(drover PROPERTIES INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)
target_include_directories(drover PRIVATE "${PROJECT_SOURCE_DIR}/src")
target_include_directories(drover SYSTEM PRIVATE "${DROVER_XXHASH_INCLUDE}")
if(DROVER_FUZZ)
  target_compile_options(drover PRIVATE -fsanitize=fuzzer-no-link)
endif()
target_link_libraries(drover PRIVATE Threads::Threads)
if(DROVER_WITH_TLS)
  target_link_libraries(drover PRIVATE OpenSSL::SSL OpenSSL::Crypto)
endif()
# Before version 1.0, any minor version may break the ABI.
set_target_properties(drover PROPERTIES
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  POSITION_INDEPENDENT_CODE ON)
