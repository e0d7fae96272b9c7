# Turns files into C++ strings: cmake -DHEADER=out.hpp -DNAMESPACE=a::b -DFILES=kName=path,kOther=path -P embed.cmake
# A raw string literal may hold 64 KiB at most.
set(text "#pragma once\n\nnamespace ${NAMESPACE} {\n")
string(REPLACE "," ";" FILES "${FILES}")
foreach(pair IN LISTS FILES)
  string(REGEX MATCH "^([^=]+)=(.*)$" ignored "${pair}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${CMAKE_MATCH_2}" content)
  string(APPEND text "\ninline constexpr char ${name}[] = R\"file(${content})file\";\n")
endforeach()
string(APPEND text "\n}  // namespace ${NAMESPACE}\n")
file(WRITE "${HEADER}" "${text}")
