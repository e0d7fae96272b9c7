#include "host/trunkctl/sign.hpp"

#include <filesystem>
#include <system_error>

#include "host/base/base64.hpp"
#include "host/plugins/signature.hpp"
#include "host/seal/ed25519.hpp"
#include "host/trunkctl/connector_file.hpp"
#include "host/trunkctl/whole_file.hpp"

namespace trunkline::trunkctl {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kKeyFileMax = 64U << 10U;

SignedFile facts_of(const std::string& file, const ConnectorFile& connector) {
    SignedFile facts;
    facts.file = plugins::signature_file(file);
    facts.connector = connector.id;
    facts.version = connector.version;
    return facts;
}

std::string warning_about(const std::string& key_file) {
    std::error_code error;
    const auto others =
        fs::status(key_file, error).permissions() & (fs::perms::group_all | fs::perms::others_all);
    if (error || others == fs::perms::none) return "";
    return key_file + " is a private key that others can read: chmod 600 " + key_file;
}

}  // namespace

Result<SignedFile> sign_connector(const std::string& file, const std::string& key_file) {
    const auto pem = read_whole(key_file, kKeyFileMax);
    if (!pem) return pem.error();
    const auto signer = seal::Ed25519Signer::from_pem(*pem);
    if (!signer) return at_file(key_file, signer.error().context);
    const auto connector = read_connector(file);
    if (!connector) return connector.error();
    SignedFile facts = facts_of(file, *connector);
    const std::string key = signer->public_key();
    auto written = replace_whole(
        facts.file, plugins::to_text({key, signer->sign(plugins::signed_message(connector->bytes))})
    );
    if (!written) return written.error();
    facts.key = base64_encode(key);
    facts.fingerprint = plugins::fingerprint(key);
    facts.warning = warning_about(key_file);
    return facts;
}

Result<SignedFile> verify_connector(const std::string& file, const std::string& key) {
    const auto trusted = seal::parse_ed25519_key(key);
    if (!trusted) return at_file(key, trusted.error().context);
    const auto connector = read_connector(file);
    if (!connector) return connector.error();
    SignedFile facts = facts_of(file, *connector);
    auto by = plugins::judge_signature(file, connector->bytes, {false, {key}});
    if (!by) return at_file(file + ":", by.error().context);
    if (by->fingerprint.empty()) return at_file(file, "is not signed: there is no " + facts.file);
    if (!by->trusted)
        return at_file(file, "is signed with another key (fingerprint " + by->fingerprint + ")");
    facts.key = key;
    facts.fingerprint = by->fingerprint;
    return facts;
}

}  // namespace trunkline::trunkctl
