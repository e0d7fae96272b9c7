#include "host/inbound/absent.hpp"

#include <boost/json.hpp>

#include "host/base/base64.hpp"
#include "host/inbound/payload.hpp"
#include "host/inbound/visit.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::inbound {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kKeptMax = 10'000;
constexpr std::uint64_t kKeptBytesMax = 64ULL << 20U;

const json::object* object_at(const json::object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string header_of(const Payload& payload, std::string_view name) {
    for (const net::Header& header : payload.headers) {
        if (same_name(header.name, name)) return header.value;
    }
    return {};
}

/// The text at a dotted path of a JSON body.
std::string field_of(const std::string& body, std::string_view path) {
    json::error_code bad;
    const json::value read = json::parse(body, bad);
    const json::value* at = bad ? nullptr : &read;
    while (at != nullptr && !path.empty()) {
        const std::string_view piece = path.substr(0, path.find('.'));
        path.remove_prefix(std::min(piece.size() + 1, path.size()));
        const auto* object = at->if_object();
        at = object == nullptr ? nullptr : object->if_contains(piece);
    }
    return at != nullptr && at->is_string() ? std::string{at->get_string()} : "";
}

}  // namespace

std::optional<bool> vouches(const accounts::Account& account, const Payload& payload) {
    const json::object* verify = object_at(account.accept, "verify");
    if (verify == nullptr) return std::nullopt;
    const auto secret_of = [&](const json::object& rule) {
        return text_at(account.settings, text_at(rule, "setting"));
    };
    const auto equal = [](const std::string& given,
                          const std::string& wanted) -> std::optional<bool> {
        if (wanted.empty()) return std::nullopt;  // without a secret anybody could write
        return seal::equal_in_constant_time(given, wanted);
    };
    if (const auto* rule = object_at(*verify, "header_equals"))
        return equal(header_of(payload, text_at(*rule, "header")), secret_of(*rule));
    if (const auto* rule = object_at(*verify, "hmac_sha256")) {
        const std::string secret = secret_of(*rule);
        if (secret.empty()) return std::nullopt;
        return equal(
            header_of(payload, text_at(*rule, "header")),
            text_at(*rule, "prefix") + hex_encode(seal::hmac_sha256(secret, payload.body))
        );
    }
    if (const auto* rule = object_at(*verify, "json_field_equals"))
        return equal(field_of(payload.body, text_at(*rule, "field")), secret_of(*rule));
    return std::nullopt;
}

async::Awaitable<net::Response> receive_for_absent(
    const Ground& ground,
    store::Store& store,
    std::shared_ptr<accounts::Account> account,
    const Payload* payload
) {
    const auto authentic = vouches(*account, *payload);
    if (!authentic) co_return not_now("the connector of this account is not there");
    if (!*authentic) {
        ++account->figures.forged;
        co_return net::problem(403, "forged", "the request is not authentic");
    }
    auto& kept = account->kept_while_absent;
    if (kept.payloads >= kKeptMax || kept.bytes + payload->body.size() > kKeptBytesMax)
        co_return not_now("the connector of this account is not there, and much is kept for it");
    ++kept.payloads;
    kept.bytes += payload->body.size();
    Accepted accepted;
    quarantine_whole(ground, *account, *payload, kKeptWhileAbsent, accepted);
    auto written = co_await write(store, *account, std::move(accepted));
    if (!written) co_return not_now(to_string(written.error().fault), written.error().pause);
    net::Response response;
    if (const auto* answer = object_at(account->accept, "answer")) {
        const auto* status = answer->if_contains("status");
        if (status != nullptr && status->is_int64() && status->get_int64() >= 200 &&
            status->get_int64() < 300)
            response.status = static_cast<int>(status->get_int64());
        response.body = text_at(*answer, "body");
    }
    co_return response;
}

}  // namespace trunkline::inbound
