#include "host/trunkctl/portals.hpp"

#include "host/net/url.hpp"
#include "host/trunkctl/whole_file.hpp"

namespace trunkline::trunkctl {
namespace {

constexpr std::size_t kDocumentBytesMax = 256U << 10U;  // as the admin side takes

Result<std::string> read_all(std::istream& in) {
    std::string text(kDocumentBytesMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kDocumentBytesMax)
        return Error{Fault::malformed, "more was typed in than a portal may have"};
    return text;
}

}  // namespace

std::optional<PortalWish> read_portal_wish(const std::vector<std::string>& words) {
    if (words.size() < 2) return std::nullopt;
    const std::string& verb = words[0];
    const std::string of_one = "/v1/portals/" + net::percent_encode(words[1]);
    if (verb == "create" && words.size() == 2) return PortalWish{"POST", "/v1/portals", words[1]};
    if (verb == "put" && words.size() == 3) return PortalWish{"PUT", of_one, words[2]};
    if (verb == "change" && words.size() == 3) return PortalWish{"PATCH", of_one, words[2]};
    if (verb != "remove" || words.size() > 3) return std::nullopt;
    if (words.size() == 2) return PortalWish{"DELETE", of_one, ""};
    if (words[2] != "--discard") return std::nullopt;
    return PortalWish{"DELETE", of_one + "?discard=true", ""};
}

Result<boost::json::value> change_portal(const Api& api, const PortalWish& wish, std::istream& in) {
    if (wish.file.empty()) return api.remove(wish.path);
    const auto text = wish.file == "-" ? read_all(in) : read_whole(wish.file, kDocumentBytesMax);
    if (!text) return text.error();
    return api.send(wish.method, wish.path, *text);
}

}  // namespace trunkline::trunkctl
