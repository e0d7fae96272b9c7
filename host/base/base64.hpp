#pragma once

#include <string>
#include <string_view>

namespace trunkline {

std::string base64_encode(std::string_view bytes);     ///< RFC 4648 section 4, padded
std::string base64url_encode(std::string_view bytes);  ///< RFC 4648 section 5, no padding
bool base64_decode(
    std::string_view text, std::string& out
);  ///< strict; false on any other character or length
bool base64url_decode(std::string_view text, std::string& out);
std::string hex_encode(std::string_view bytes);  ///< lower case

}  // namespace trunkline
