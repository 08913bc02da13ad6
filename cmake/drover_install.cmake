# SPDX-License-Identifier: MIT
# Installs the library with its headers, for find_package(drover) and pkg-config. test/package uses
# both. drover_tools.cmake installs the `drover` command and its manual page.

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
include(CMakePackageConfigHelpers)
set(drover_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/drover")

install(TARGETS drover EXPORT drover_targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILE_SET codec_headers DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT drover_targets NAMESPACE drover:: DESTINATION "${drover_config_dir}")

# Users link the dependencies of a static library.
get_target_property(drover_type drover TYPE)
set(drover_is_static OFF)
if(drover_type STREQUAL "STATIC_LIBRARY")
  set(drover_is_static ON)
endif()
set(drover_needs_openssl OFF)
if(DROVER_WITH_TLS AND drover_is_static)
  set(drover_needs_openssl ON)
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/drover-config.cmake.in"
  "${PROJECT_BINARY_DIR}/drover-config.cmake" INSTALL_DESTINATION "${drover_config_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/drover-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/drover-config.cmake"
  "${PROJECT_BINARY_DIR}/drover-config-version.cmake" DESTINATION "${drover_config_dir}")

# The prefix is relative, so that an installed tree can be moved.
file(RELATIVE_PATH drover_pc_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")

# The dependencies of a static library are part of Libs, because few users pass --static to
# pkg-config.
set(drover_pc_static_libs)
if(drover_is_static)
  set(drover_pc_static_libs " -pthread")
endif()
set(drover_pc_requires)
if(drover_needs_openssl)
  set(drover_pc_requires "\nRequires: openssl >= 3")
elseif(DROVER_WITH_TLS)
  set(drover_pc_requires "\nRequires.private: openssl >= 3")
endif()
configure_file("${PROJECT_SOURCE_DIR}/cmake/drover.pc.in" "${PROJECT_BINARY_DIR}/drover.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/drover.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
