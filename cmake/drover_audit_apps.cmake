# SPDX-License-Identifier: MIT
# The applications in C++ that the auditor is tested with: bin/audit_apps/cpp/<name>, one a file.

add_custom_target(drover_audit_apps)
file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/test/audit/apps/cpp/*.cpp")
if(NOT (DROVER_HIREDIS AND DROVER_HIREDIS_INCLUDE))
  message(STATUS "Applications for the auditor left out: hiredis is not installed")
  set(files)
endif()
foreach(file IN LISTS files)
  cmake_path(GET file STEM name)
  add_executable(audit_app_${name} EXCLUDE_FROM_ALL "${file}")
  drover_flags(audit_app_${name})
  set_target_properties(audit_app_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin/audit_apps/cpp")
  target_include_directories(audit_app_${name} PRIVATE "${PROJECT_SOURCE_DIR}/test")
  target_link_libraries(audit_app_${name} PRIVATE
    drover::drover ${DROVER_HIREDIS} Threads::Threads)
  add_dependencies(drover_audit_apps audit_app_${name})
endforeach()
