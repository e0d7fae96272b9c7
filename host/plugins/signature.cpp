#include "host/plugins/signature.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"
#include "host/seal/ed25519.hpp"

namespace trunkline::plugins {
namespace {

constexpr std::string_view kFormat = "trunkline signature 1";
constexpr std::string_view kPurpose = "trunkline connector v1";
constexpr std::string_view kKeyWord = "key: ";
constexpr std::string_view kSignatureWord = "signature: ";
constexpr std::size_t kFileBytesMax = 1024;

Error malformed(std::string why) {
    return Error{Fault::malformed, std::move(why)};
}

/// Takes the next line off `text`; the last one may lack its end.
std::string_view next_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

/// The bytes behind `word`, of just this size; nothing for any other line.
std::optional<std::string> bytes_behind(
    std::string_view word, std::string_view line, std::size_t size
) {
    std::string bytes;
    if (!line.starts_with(word) || !base64_decode(line.substr(word.size()), bytes) ||
        bytes.size() != size)
        return std::nullopt;
    return bytes;
}

/// The file's bytes, or nothing when there is no such file.
Result<std::optional<std::string>> read_small(const std::string& file) {
    const auto unreadable = [](int code) {
        return Error{
            Fault::not_found,
            "cannot be read: " + std::error_code{code, std::generic_category()}.message()};
    };
    // Non-blocking, so that a pipe in the folder cannot hold the host up.
    const int from = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (from < 0 && errno == ENOENT) return std::optional<std::string>{};
    if (from < 0) return unreadable(errno);
    struct stat facts {};
    std::array<char, kFileBytesMax + 1> buffer;
    std::size_t size = 0;
    int trouble = ::fstat(from, &facts) == 0 ? 0 : errno;
    const bool regular = S_ISREG(facts.st_mode);
    while (trouble == 0 && regular && size < buffer.size()) {
        const ssize_t got = ::read(from, buffer.data() + size, buffer.size() - size);
        if (got < 0 && errno != EINTR) trouble = errno;
        if (got == 0) break;
        if (got > 0) size += static_cast<std::size_t>(got);
    }
    ::close(from);
    if (trouble != 0) return unreadable(trouble);
    if (!regular) return malformed("is not a regular file");
    if (size > kFileBytesMax)
        return malformed("is larger than " + std::to_string(kFileBytesMax) + " bytes");
    return std::optional{std::string{buffer.data(), size}};
}

bool is_trusted(const std::string& key, const SignaturePolicy& policy) {
    return std::ranges::any_of(policy.trusted_keys, [&](const std::string& text) {
        const auto trusted = seal::parse_ed25519_key(text);
        return trusted && *trusted == key;
    });
}

}  // namespace

std::string signature_file(const std::string& file) {
    return file + ".sig";
}

std::string signed_message(std::string_view bytes) {
    std::string message{kPurpose};
    message += '\n';
    message += hex_encode(seal::sha256(bytes));
    message += '\n';
    return message;
}

std::string to_text(const Signature& signature) {
    std::string text{kFormat};
    text += '\n';
    text += kKeyWord;
    text += base64_encode(signature.key) + '\n';
    text += kSignatureWord;
    text += base64_encode(signature.signature) + '\n';
    return text;
}

Result<Signature> parse_signature(std::string_view text) {
    if (next_line(text) != kFormat)
        return malformed("its first line is not \"" + std::string{kFormat} + "\"");
    auto key = bytes_behind(kKeyWord, next_line(text), seal::kEd25519KeyBytes);
    if (!key) return malformed("its second line is not \"key: \" and 32 bytes in base64");
    auto signature = bytes_behind(kSignatureWord, next_line(text), seal::kEd25519SignatureBytes);
    if (!signature)
        return malformed("its third line is not \"signature: \" and 64 bytes in base64");
    if (!text.empty()) return malformed("it has more than three lines");
    return Signature{*std::move(key), *std::move(signature)};
}

std::string fingerprint(std::string_view key) {
    return hex_encode(seal::sha256(key)).substr(0, 16);
}

Result<SignedBy> judge_signature(
    const std::string& file, std::string_view bytes, const SignaturePolicy& policy
) {
    const std::string beside = signature_file(file);
    const std::string name = std::filesystem::path{beside}.filename().string();
    const auto text = read_small(beside);
    if (!text)
        return Error{text.error().fault, "its signature " + name + " " + text.error().context};
    if (!*text) {
        if (!policy.required) return SignedBy{};
        return Error{
            Fault::forged,
            "is not signed: there is no " + name + ", and plugins.require_signature is on"};
    }
    const auto signature = parse_signature(**text);
    if (!signature)
        return malformed("its signature " + name + " is none: " + signature.error().context);
    if (!seal::verify_ed25519(signature->key, signed_message(bytes), signature->signature)) {
        return Error{
            Fault::forged,
            "its bytes are not those that were signed: it was changed since, or " + name +
                " is of another build"};
    }
    SignedBy by{fingerprint(signature->key), is_trusted(signature->key, policy), **text};
    if (policy.required && !by.trusted) {
        return Error{
            Fault::forged,
            "is signed with a key that plugins.trusted_keys does not have (fingerprint " +
                by.fingerprint + ")"};
    }
    return by;
}

}  // namespace trunkline::plugins
