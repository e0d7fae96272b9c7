#include "host/config/forms.hpp"

#include <regex>

#include "host/base/secret.hpp"
#include "host/net/cidr.hpp"
#include "host/seal/ed25519.hpp"
#include "host/seal/seal.hpp"

namespace trunkline::config {

bool is_name(const std::string& text) {
    static const std::regex kName{"[a-z0-9][a-z0-9_-]{0,63}"};
    return std::regex_match(text, kName);
}

bool is_connector(const std::string& text) {
    static const std::regex kConnector{"[a-z][a-z0-9_]{1,31}"};
    return std::regex_match(text, kConnector);
}

bool is_loopback(const std::string& address) {
    static const std::regex kLoopback{R"((127(\.\d{1,3}){3}|\[::1\]|localhost)(:\d{1,5})?)"};
    return std::regex_match(address, kLoopback);
}

std::string host_of(const std::string& url) {
    constexpr std::size_t kUrlMax = 4096;  // the expression needs stack for every character
    if (url.size() > kUrlMax) return "";
    static const std::regex kUrl{R"(https?://([^/?#@\s]+)([/?#]\S*)?)"};
    std::smatch match;
    return std::regex_match(url, match, kUrl) ? match[1].str() : "";
}

std::string range_problem(const std::string& text) {
    if (net::parse_cidr(text)) return "";
    return "\"" + text + "\" is not an address range such as 10.0.0.0/8 or fd00::/8";
}

std::string trusted_key_problem(const std::string& text) {
    const auto key = seal::parse_ed25519_key(text);
    return key ? "" : "\"" + text + "\" " + key.error().context;
}

std::string license_problem(const std::string& text) {
    if (seal::LicenseKey::parse(Secret{text})) return "";
    return "is not a license key: tlk_ and 43 characters, as trunkctl license new makes it";
}

}  // namespace trunkline::config
