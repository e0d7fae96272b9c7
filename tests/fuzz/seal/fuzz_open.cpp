// What a stranger claims to be sealed. Nothing but what the key's owner sealed may ever open.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "check.hpp"
#include "host/base/base64.hpp"
#include "host/seal/jwe.hpp"
#include "host/seal/seal.hpp"

namespace {

using namespace std::string_view_literals;
namespace seal = trunkline::seal;

// The published key and message (tests/vectors/seal.json), so that the seeds can open.
constexpr auto kKey = "tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw";
constexpr auto kSealed =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiYWNtZSIsImN0eSI6ImFwcGxpY2F0aW9uL2pzb24ifQ.."
    "8PHy8_T19vf4-fr7."
    "qMrX2wWW5JXGctvqaxn9WGQCKdORy_ZcId3SbPnKRPvud4_NYMk-"
    "pcWrtJUQcPTBd8GurV0vOVYm5sHkX1g80f1b0ZkiPigyf_DPp4RowpiEQER4"
    "zrTbU_kUJe0BFDTAFFaV7xnRT6v3jL8JqvyYpUs_trVpNyk.shcNbMfD1rva6iIo1AVf4Q"sv;
constexpr trunkline::WallMs kNow = 1'763'800'001'000;
constexpr auto kWay = seal::Direction::portal_to_host;

struct Parties {
    seal::LicenseKey key = *seal::LicenseKey::parse(trunkline::Secret{kKey});
    seal::Sealer sealer{"acme", {.current = key, .next = {}}, kWay};
    seal::Opener opener{"acme", {.current = key, .next = {}}, kWay};
    seal::Gcm cipher{seal::derive(key).encrypt(kWay)};
};

// Everything foreign: nobody signed it but the published message.
void open_foreign(Parties& parties, std::string_view input) {
    std::string_view line[4];
    for (auto& one : line) {
        const auto end = input.find('\n');
        one = input.substr(0, end);
        input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    }
    const seal::Incoming incoming{
        .id = line[0],
        .timestamp = line[1],
        .signature = line[2],
        .content_type = line[3],
        .body = input};
    if (parties.opener.open(incoming, true, kNow)) FUZZ_CHECK(input == kSealed);
}

// Well signed, so that the parser of the JWE is reached.
void open_signed(Parties& parties, std::string_view body) {
    const std::string signature = parties.sealer.sign("id", "1763800001", body);
    const seal::Incoming incoming{
        .id = "id",
        .timestamp = "1763800001",
        .signature = signature,
        .content_type = "application/jose",
        .body = body};
    const auto opened = parties.opener.open(incoming, true, kNow);
    FUZZ_CHECK(!opened || body == kSealed);
}

// Well encrypted under any header.
void open_header(Parties& parties, std::string_view header) {
    const std::string iv(12, 'i');
    const std::string body =
        seal::jwe_encrypt(parties.cipher, trunkline::base64url_encode(header), iv, "plain");
    const std::string signature = parties.sealer.sign("id", "1763800001", body);
    const seal::Incoming incoming{
        .id = "id",
        .timestamp = "1763800001",
        .signature = signature,
        .content_type = "application/jose",
        .body = body};
    const auto opened = parties.opener.open(incoming, true, kNow);
    if (!opened) {
        FUZZ_CHECK(opened.error().fault == trunkline::Fault::forged);
        return;
    }
    FUZZ_CHECK(opened->plain == "plain");
    const auto value = boost::json::parse({header.data(), header.size()}).as_object();
    FUZZ_CHECK(value.at("alg").as_string() == "dir");
    FUZZ_CHECK(value.at("enc").as_string() == "A256GCM");
    FUZZ_CHECK(value.at("kid").as_string() == "acme");
    FUZZ_CHECK(!value.contains("crit") && !value.contains("zip"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Parties parties;
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    open_foreign(parties, input);
    open_signed(parties, input);
    open_header(parties, input);
    return 0;
}
