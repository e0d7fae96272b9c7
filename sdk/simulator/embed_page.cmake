# Turns the page, with the styles and scripts it names, into one C++ string. Compilers need not take a literal of more than
# 64 KiB, so each file becomes one of its own.
file(READ ${PAGE}/page.html page)
set(border ")page\";\n    page += R\"page(")
string(REGEX MATCHALL "<link rel=\"stylesheet\" href=\"[a-z]+\\.css\">" styles "${page}")
foreach(tag IN LISTS styles)
  string(REGEX REPLACE ".*href=\"([a-z]+\\.css)\".*" "\\1" name "${tag}")
  file(READ ${PAGE}/${name} text)
  string(REPLACE "${tag}" "<style>${border}${text}${border}</style>" page "${page}")
endforeach()
string(REGEX MATCHALL "<script src=\"[a-z]+\\.js\"></script>" scripts "${page}")
foreach(tag IN LISTS scripts)
  string(REGEX REPLACE ".*src=\"([a-z]+\\.js)\".*" "\\1" name "${tag}")
  file(READ ${PAGE}/${name} text)
  string(REPLACE "${tag}" "<script>${border}${text}${border}</script>" page "${page}")
endforeach()
file(WRITE ${HEADER} "#pragma once

#include <string>

namespace trunkline::simulator {

inline const std::string kPage = [] {
    std::string page;
    page += R\"page(${page})page\";
    return page;
}();

}  // namespace trunkline::simulator
")
