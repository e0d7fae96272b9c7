# cmake -DFOLDER=<testdata> -DOUT=<file> -P TrunklineCases.cmake
#
# Writes the golden cases of a folder as one text (testing/cases.hpp): each <case>/account.json, in.jsonl and out.jsonl.
# No line is ever looked at as a CMake list: JSON has semicolons and brackets of its own.
cmake_minimum_required(VERSION 3.25)

function(wrapped result file member)
  set(${result} "" PARENT_SCOPE)
  if(EXISTS "${file}")
    file(READ "${file}" text)
    string(REGEX REPLACE "[^\n]+" "{\"${member}\":\\0}" text "${text}")
    string(REGEX REPLACE "\n\n+" "\n" text "${text}\n")
    set(${result} "${text}" PARENT_SCOPE)
  endif()
endfunction()

file(GLOB inputs "${FOLDER}/*/in.jsonl")
list(SORT inputs)
set(all "")
foreach(input IN LISTS inputs)
  cmake_path(GET input PARENT_PATH case)
  cmake_path(GET case FILENAME name)
  set(account "{}")
  if(EXISTS "${case}/account.json")
    file(READ "${case}/account.json" account)
    string(REGEX REPLACE "[ \t]*\n[ \t]*" " " account "${account}")
  endif()
  wrapped(in "${input}" in)
  wrapped(out "${case}/out.jsonl" out)
  string(APPEND all "{\"case\":\"${name}\",\"account\":${account}}\n${in}${out}")
endforeach()
file(WRITE "${OUT}" "${all}")
