#include "host/trunkctl/sign.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "host/base/base64.hpp"
#include "host/plugins/elf_note.hpp"
#include "host/plugins/generation.hpp"
#include "host/plugins/signature.hpp"
#include "host/seal/ed25519.hpp"

namespace trunkline::trunkctl {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kKeyFileMax = 64U << 10U;

Error at(const std::string& file, const std::string& text) {
    return Error{Fault::malformed, file + " " + text};
}

Result<std::string> bytes_of(const std::string& file, std::uintmax_t bytes_max) {
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (error) return at(file, "cannot be read: " + error.message());
    if (status.type() != fs::file_type::regular) return at(file, "is not a regular file");
    if (fs::file_size(file, error) > bytes_max || error)
        return at(file, "is larger than " + std::to_string(bytes_max) + " bytes");
    std::ifstream in{file, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    if (!in || in.bad()) return at(file, "cannot be read");
    return bytes;
}

struct Connector {
    std::string bytes;
    SignedFile facts;
};

Result<Connector> read_connector(const std::string& file) {
    auto bytes = bytes_of(file, plugins::CatalogueOptions{}.file_bytes_max);
    if (!bytes) return bytes.error();
    const auto note =
        plugins::read_elf_note({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()}
        );
    if (!note) return at(file, "is no connector: " + note.error().context);
    Connector connector;
    connector.facts.file = plugins::signature_file(file);
    connector.facts.connector = note->id;
    connector.facts.version = note->version;
    connector.bytes = *std::move(bytes);
    return connector;
}

/// Under a name that nobody reads, then renamed: a host sees the former signature or this one.
Result<void> replace_file(const std::string& file, const std::string& text) {
    const std::string fresh = file + ".tmp";
    std::error_code error;
    {
        std::ofstream out{fresh, std::ios::binary | std::ios::trunc};
        out << text;
        out.close();
        if (!out) error = std::make_error_code(std::errc::io_error);
    }
    if (!error) fs::rename(fresh, file, error);
    if (!error) return {};
    std::error_code ignored;
    fs::remove(fresh, ignored);
    return at(file, "cannot be written: " + error.message());
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
    const auto pem = bytes_of(key_file, kKeyFileMax);
    if (!pem) return pem.error();
    const auto signer = seal::Ed25519Signer::from_pem(*pem);
    if (!signer) return at(key_file, signer.error().context);
    auto connector = read_connector(file);
    if (!connector) return connector.error();
    const std::string key = signer->public_key();
    auto written = replace_file(
        connector->facts.file,
        plugins::to_text({key, signer->sign(plugins::signed_message(connector->bytes))})
    );
    if (!written) return written.error();
    SignedFile facts = std::move(connector->facts);
    facts.key = base64_encode(key);
    facts.fingerprint = plugins::fingerprint(key);
    facts.warning = warning_about(key_file);
    return facts;
}

Result<SignedFile> verify_connector(const std::string& file, const std::string& key) {
    const auto trusted = seal::parse_ed25519_key(key);
    if (!trusted) return at(key, trusted.error().context);
    auto connector = read_connector(file);
    if (!connector) return connector.error();
    auto by = plugins::judge_signature(file, connector->bytes, {false, {key}});
    if (!by) return at(file + ":", by.error().context);
    if (by->fingerprint.empty())
        return at(file, "is not signed: there is no " + connector->facts.file);
    if (!by->trusted)
        return at(file, "is signed with another key (fingerprint " + by->fingerprint + ")");
    SignedFile facts = std::move(connector->facts);
    facts.key = key;
    facts.fingerprint = by->fingerprint;
    return facts;
}

}  // namespace trunkline::trunkctl
