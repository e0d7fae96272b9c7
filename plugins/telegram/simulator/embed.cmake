# Turns the page into a C++ string.
file(READ ${PAGE} page)
file(WRITE ${HEADER} "#pragma once\n\nnamespace trunkline::telegram::simulator {\n\ninline constexpr const char* kPage = R\"page(${page})page\";\n\n}  // namespace trunkline::telegram::simulator\n")
