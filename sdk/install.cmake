# What a connector's author gets, without any of the host's source: `cmake --install <build> --component sdk`, or the package
# trunkline-sdk (`cpack -G DEB` in the build directory).
include(CMakePackageConfigHelpers)

# The SDK's version is the ABI's with a third number behind it.
file(STRINGS include/trunkline/version.h version REGEX "define TL_SDK_VERSION")
string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" TRUNKLINE_SDK_VERSION "${version}")
file(STRINGS include/trunkline/abi.h abi REGEX "define TL_ABI_M(AJOR|INOR) ")
string(REGEX REPLACE "[^;]*ABI_M[A-Z]+ ([0-9]+)u[^;]*" "\\1" abi "${abi}")
list(JOIN abi "." abi)
if(NOT TRUNKLINE_SDK_VERSION MATCHES "^${abi}\\.[0-9]+$")
  message(FATAL_ERROR "include/trunkline/version.h says ${TRUNKLINE_SDK_VERSION}, but the ABI of abi.h is ${abi}")
endif()

set(TRUNKLINE_INCLUDE include)
set(TRUNKLINE_BIN bin)
set(TRUNKLINE_LIBRARIES lib)
set(package_folder lib/cmake/Trunkline)
configure_package_config_file(cmake/TrunklineConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/TrunklineConfig.cmake
  INSTALL_DESTINATION ${package_folder} PATH_VARS TRUNKLINE_INCLUDE TRUNKLINE_BIN TRUNKLINE_LIBRARIES)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/TrunklineConfigVersion.cmake
  VERSION ${TRUNKLINE_SDK_VERSION} COMPATIBILITY SameMajorVersion)

install(DIRECTORY include/trunkline DESTINATION include COMPONENT sdk)
install(DIRECTORY cmake/ DESTINATION ${package_folder} COMPONENT sdk PATTERN "*.in" EXCLUDE)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/TrunklineConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/TrunklineConfigVersion.cmake
  DESTINATION ${package_folder} COMPONENT sdk)
install(DIRECTORY template DESTINATION share/trunkline COMPONENT sdk)
# The simulator kit is an archive, so that a simulator needs nothing of ours where it runs.
install(TARGETS trunkline_simulator ARCHIVE DESTINATION lib COMPONENT sdk)
# Its debugging information names folders of the machine that built it.
install(CODE "execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-debug \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/libtrunkline_simulator.a\" COMMAND_ERROR_IS_FATAL ANY)"
  COMPONENT sdk)
install(DIRECTORY simulator/example DESTINATION share/trunkline/simulator COMPONENT sdk)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/connectors/ DESTINATION share/doc/trunkline-sdk COMPONENT sdk)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/trunkline-sdk RENAME copyright COMPONENT sdk)

# trunkctl finds the templates from where it stands: ../share/trunkline, in a build as in an installation.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/trunkline)
file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/template ${CMAKE_BINARY_DIR}/share/trunkline/template SYMBOLIC)

# The programs for authors are built elsewhere, and their targets are known once all folders are read.
function(trunkline_install_programs)
  foreach(program trunkctl trunkline-conform)
    if(TARGET ${program})
      install(TARGETS ${program} RUNTIME DESTINATION bin COMPONENT sdk)
    endif()
  endforeach()
endfunction()
cmake_language(DEFER DIRECTORY ${PROJECT_SOURCE_DIR} CALL trunkline_install_programs)

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL sdk)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_VERSION ${TRUNKLINE_SDK_VERSION})
set(CPACK_PACKAGE_CONTACT "Trunkline <maintainers@trunkline.example>")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_SDK_PACKAGE_NAME trunkline-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_SDK_DESCRIPTION "what messenger connectors for Trunkline are built with
Headers, CMake functions, templates, documentation, the conformance runner and
trunkctl, which scaffolds, signs and looks into a running host; and what simulated
messengers are made of, for tests without the messenger.")
# Libraries of the programs are found by dpkg-shlibdeps. A connector in C++ is compiled with Boost's headers; the compiler may
# be another one than Debian's first choice.
set(CPACK_DEBIAN_SDK_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SDK_PACKAGE_DEPENDS
  "cmake (>= 3.25), make | ninja-build, g++ (>= 4:12) | clang (>= 1:14), binutils, libboost1.81-dev, libssl-dev, openssl")
include(CPack)
