# trunkline_add_connector(<id> SOURCES a.cpp ... [LIBRARIES ...] [ALLOW_IMPORTS symbol ...] [GOLDEN folder])
#
# Makes plugins/<id>.so: one export, nothing that could keep it mapped after dlclose, checked after linking by
# TrunklineGate.cmake, which fails the build and deletes the file. LIBRARIES are linked privately; whatever they import
# beyond the C and C++ runtime must be named in ALLOW_IMPORTS. GOLDEN, "testdata" when there is one, holds the connector's
# golden cases; they travel inside of the library, unmapped, so that a host can try the connector on them before it serves.
# Sources may be C++, C, or both; C alone (trunkline/c.h) needs neither a C++ compiler nor Boost.
#
# trunkline_add_connector_test(<id> SOURCES test.cpp ... [LIBRARIES ...]): the program <id>_test, from the connector's sources
# and these, for trunkline/testing.hpp; in ctest under the same name. TRUNKLINE_TESTDATA is the folder of golden cases.
#
# trunkline_add_conformance_test(<id> [arguments of trunkline-conform]): <id>_conformance in ctest, with the cases of testdata/.
include_guard(GLOBAL)

set(TRUNKLINE_EXPORT_MAP "${CMAKE_CURRENT_LIST_DIR}/connector.map" CACHE INTERNAL "The one export")
set(TRUNKLINE_GATE "${CMAKE_CURRENT_LIST_DIR}/TrunklineGate.cmake" CACHE INTERNAL "The check after linking")
set(TRUNKLINE_CASES "${CMAKE_CURRENT_LIST_DIR}/TrunklineCases.cmake" CACHE INTERNAL "Golden cases in one text")
set(TRUNKLINE_CONNECTOR_JSON "${CMAKE_CURRENT_LIST_DIR}/json.cpp" CACHE INTERNAL "Boost.JSON, compiled in")

# What every object of a connector is compiled with. The version script does most of the work of making a library
# unloadable; see docs/connectors/explanation/unloading.md.
function(trunkline_connector_options target)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(TRUNKLINE_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=${TRUNKLINE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
      $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>)
    target_link_options(${target} PRIVATE -fsanitize=${TRUNKLINE_SANITIZE})
  endif()
endfunction()

# Boost.JSON, compiled once for all connectors of a build.
function(trunkline_connector_json)
  if(NOT TARGET trunkline_connector_json)
    add_library(trunkline_connector_json STATIC "${TRUNKLINE_CONNECTOR_JSON}")
    target_link_libraries(trunkline_connector_json PRIVATE Trunkline::sdk)
    trunkline_connector_options(trunkline_connector_json)
  endif()
endfunction()

# What a target made of these sources links: a connector in C has no use for the C++ face and its JSON.
function(trunkline_link_sdk target)
  set(sources ${ARGN})
  list(FILTER sources EXCLUDE REGEX "\\.c$")
  if(sources)
    trunkline_connector_json()
    target_link_libraries(${target} PRIVATE Trunkline::sdk trunkline_connector_json)
  else()
    target_link_libraries(${target} PRIVATE Trunkline::abi)
  endif()
endfunction()

# Puts the golden cases of `folder` into the library as the section .trunkline.golden; see testing/cases.hpp.
function(trunkline_embed_cases name folder)
  get_filename_component(folder "${folder}" ABSOLUTE)
  file(GLOB parts CONFIGURE_DEPENDS "${folder}/*/in.jsonl" "${folder}/*/out.jsonl" "${folder}/*/account.json")
  if(NOT parts)
    return()
  endif()
  set(cases "${CMAKE_CURRENT_BINARY_DIR}/${name}.cases.jsonl")
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}.cases.c")
  if("CXX" IN_LIST languages)
    string(APPEND source "pp")
  endif()
  add_custom_command(OUTPUT "${cases}" VERBATIM DEPENDS ${parts} "${TRUNKLINE_CASES}"
    COMMAND "${CMAKE_COMMAND}" "-DFOLDER=${folder}" "-DOUT=${cases}" -P "${TRUNKLINE_CASES}")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
    "__asm__(\".section .trunkline.golden,\\\"\\\",@progbits\\n.incbin \\\"@cases@\\\"\\n.previous\\n\");\n")
  # Alone, also where sources are compiled together: only so it is compiled again when a case changes.
  set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${cases}" SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${name} PRIVATE "${source}")
endfunction()

function(trunkline_add_connector name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "GOLDEN" "SOURCES;LIBRARIES;ALLOW_IMPORTS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "trunkline_add_connector(${name}): SOURCES are missing or arguments unknown: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT name MATCHES "^[a-z][a-z0-9_]+$")
    message(FATAL_ERROR "trunkline_add_connector: '${name}' is no connector id: [a-z][a-z0-9_]{1,31}")
  endif()

  add_library(${name} MODULE ${arg_SOURCES})
  trunkline_connector_options(${name})
  if(arg_GOLDEN)
    trunkline_embed_cases(${name} "${arg_GOLDEN}")
  elseif(IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/testdata")
    trunkline_embed_cases(${name} "${CMAKE_CURRENT_SOURCE_DIR}/testdata")
  endif()
  target_compile_options(${name} PRIVATE ${TRUNKLINE_CONNECTOR_WARNINGS})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES}) # before the JSON that they may need
  trunkline_link_sdk(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so" NO_SONAME ON LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins"
    LINK_DEPENDS "${TRUNKLINE_EXPORT_MAP};${TRUNKLINE_GATE}")
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${TRUNKLINE_EXPORT_MAP}" LINKER:-z,now LINKER:-z,relro LINKER:--as-needed
    LINKER:--build-id=sha1 LINKER:--exclude-libs,ALL)
  # Clang leaves the sanitizers' symbols of a library to the program.
  if(NOT (TRUNKLINE_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang"))
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  add_custom_command(TARGET ${name} POST_BUILD VERBATIM
    COMMAND "${CMAKE_COMMAND}" "-DSO=$<TARGET_FILE:${name}>" "-DNM=${CMAKE_NM}" "-DALLOW=${arg_ALLOW_IMPORTS}"
            "-DSANITIZE=${TRUNKLINE_SANITIZE}" -P "${TRUNKLINE_GATE}")
endfunction()

function(trunkline_add_connector_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES OR NOT TARGET ${name})
    message(FATAL_ERROR "trunkline_add_connector_test(${name}): no such connector, SOURCES are missing or arguments unknown: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  get_target_property(sources ${name} SOURCES)
  list(FILTER sources EXCLUDE REGEX "\\.cases\\.c(pp)?$")
  get_target_property(folder ${name} SOURCE_DIR)
  list(TRANSFORM sources PREPEND "${folder}/" REGEX "^[^/$]")
  add_executable(${name}_test ${arg_SOURCES} ${sources})
  set_target_properties(${name}_test PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  target_compile_definitions(${name}_test PRIVATE TRUNKLINE_TESTDATA="${folder}/testdata")
  target_link_libraries(${name}_test PRIVATE ${arg_LIBRARIES})
  trunkline_link_sdk(${name}_test ${arg_SOURCES})
  add_test(NAME ${name}_test COMMAND ${name}_test)
endfunction()

function(trunkline_add_conformance_test name)
  if(NOT TRUNKLINE_CONFORM OR NOT EXISTS "${TRUNKLINE_CONFORM}")
    message(STATUS "${name} is not tested for conformance: this SDK came without trunkline-conform")
    return()
  endif()
  get_target_property(folder ${name} SOURCE_DIR)
  add_test(NAME ${name}_conformance
    COMMAND "${TRUNKLINE_CONFORM}" "$<TARGET_FILE:${name}>" --golden "${folder}/testdata" ${ARGN})
endfunction()
