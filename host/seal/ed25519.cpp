#include "host/seal/ed25519.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "host/base/assert.hpp"
#include "host/base/base64.hpp"
#include "host/seal/evp.hpp"

namespace trunkline::seal {
namespace {

constexpr std::size_t kPemBytesMax = 64U << 10U;

struct Deleter {
    void operator()(BIGNUM* number) const noexcept { BN_free(number); }
    void operator()(BN_CTX* context) const noexcept { BN_CTX_free(context); }
    void operator()(BIO* bytes) const noexcept { BIO_free(bytes); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

/// Numbers modulo 2^255 - 19. Public values only, so time may tell them.
class Field {
public:
    Field() : context_{BN_CTX_new()} {
        TRUNKLINE_ASSERT(context_ != nullptr);
        auto p = number(1);
        const bool made = BN_lshift(p.get(), p.get(), 255) == 1 && BN_sub_word(p.get(), 19) == 1;
        TRUNKLINE_ASSERT(made);
        prime_ = std::move(p);
    }

    static Owned<BIGNUM> number(BN_ULONG value) {
        Owned<BIGNUM> out{BN_new()};
        TRUNKLINE_ASSERT(out != nullptr && BN_set_word(out.get(), value) == 1);
        return out;
    }
    Owned<BIGNUM> times(const Owned<BIGNUM>& a, const Owned<BIGNUM>& b) const {
        return apply(BN_mod_mul, a, b);
    }
    Owned<BIGNUM> plus(const Owned<BIGNUM>& a, const Owned<BIGNUM>& b) const {
        return apply(BN_mod_add, a, b);
    }
    Owned<BIGNUM> minus(const Owned<BIGNUM>& a, const Owned<BIGNUM>& b) const {
        return apply(BN_mod_sub, a, b);
    }
    bool is_square(const Owned<BIGNUM>& a) const {
        return BN_kronecker(a.get(), prime_.get(), context_.get()) >= 0;
    }
    bool holds(const Owned<BIGNUM>& a) const { return BN_cmp(a.get(), prime_.get()) < 0; }

private:
    using Operation = int(BIGNUM*, const BIGNUM*, const BIGNUM*, const BIGNUM*, BN_CTX*);
    Owned<BIGNUM> apply(Operation* operation, const Owned<BIGNUM>& a, const Owned<BIGNUM>& b)
        const {
        auto out = number(0);
        const int done = operation(out.get(), a.get(), b.get(), prime_.get(), context_.get());
        TRUNKLINE_ASSERT(done == 1);
        return out;
    }

    Owned<BN_CTX> context_;
    Owned<BIGNUM> prime_;
};

/// The curve is -x^2 + y^2 = 1 + d x^2 y^2 with d = -121665/121666, and a key is y. So
/// x^2 = n/m with n = 121666 (y^2 - 1) and m = 121666 - 121665 y^2: there is a point when n m is a
/// square. Its order divides 8 when x = 0, y = 0, or x^2 = -y^2 (doubling it gives y = 0).
bool is_good_point(const Owned<BIGNUM>& y) {
    const Field field;
    if (!field.holds(y)) return false;
    const auto yy = field.times(y, y);
    const auto n = field.times(Field::number(121'666), field.minus(yy, Field::number(1)));
    const auto m = field.minus(Field::number(121'666), field.times(Field::number(121'665), yy));
    if (!field.is_square(field.times(n, m))) return false;
    const auto order_eight = field.plus(n, field.times(yy, m));
    return !BN_is_zero(n.get()) && !BN_is_zero(y.get()) && !BN_is_zero(order_eight.get());
}

/// Instead of a question on the terminal.
int no_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

Error refused(const char* why) {
    ERR_clear_error();
    return Error{Fault::malformed, why};
}

}  // namespace

bool is_ed25519_key(std::string_view key) noexcept {
    if (key.size() != kEd25519KeyBytes) return false;
    std::string bytes{key};
    bytes.back() = static_cast<char>(bytes.back() & 0x7f);  // the sign of x
    const Owned<BIGNUM> y{
        BN_lebin2bn(bytes_of(bytes.data()), static_cast<int>(bytes.size()), nullptr)};
    TRUNKLINE_ASSERT(y != nullptr);
    return is_good_point(y);
}

Result<std::string> parse_ed25519_key(std::string_view text) {
    std::string key;
    if (!base64_decode(text, key) || key.size() != kEd25519KeyBytes)
        return refused("is not an Ed25519 public key: 32 bytes in base64");
    if (!is_ed25519_key(key)) return refused("is 32 bytes, but no Ed25519 key that can be trusted");
    return key;
}

bool verify_ed25519(std::string_view key, std::string_view message, std::string_view signature) {
    if (!is_ed25519_key(key) || signature.size() != kEd25519SignatureBytes) return false;
    const Evp<EVP_PKEY> public_key{
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(key), key.size())};
    const Evp<EVP_MD_CTX> context{EVP_MD_CTX_new()};
    const bool good =
        public_key && context &&
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
        EVP_DigestVerify(
            context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()
        ) == 1;
    if (!good) ERR_clear_error();
    return good;
}

struct Ed25519Signer::State {
    Evp<EVP_PKEY> key;
};

Ed25519Signer::Ed25519Signer(std::unique_ptr<State> state) : state_{std::move(state)} {}
Ed25519Signer::~Ed25519Signer() = default;
Ed25519Signer::Ed25519Signer(Ed25519Signer&&) noexcept = default;
Ed25519Signer& Ed25519Signer::operator=(Ed25519Signer&&) noexcept = default;

Result<Ed25519Signer> Ed25519Signer::from_pem(std::string_view pem) {
    if (pem.empty() || pem.size() > kPemBytesMax) return refused("is not a private key in PEM");
    const Owned<BIO> bytes{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    TRUNKLINE_ASSERT(bytes != nullptr);
    bool asked = false;
    Evp<EVP_PKEY> key{PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_passphrase, &asked)};
    if (!key && asked) return refused("is encrypted with a passphrase: openssl pkey takes it off");
    if (!key) return refused("is not a private key in PEM");
    if (EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519)
        return refused("is a private key of another kind than Ed25519");
    auto state = std::make_unique<State>();
    state->key = std::move(key);
    return Ed25519Signer{std::move(state)};
}

std::string Ed25519Signer::public_key() const {
    std::string out(kEd25519KeyBytes, '\0');
    std::size_t size = out.size();
    const int done = EVP_PKEY_get_raw_public_key(state_->key.get(), bytes_of(out.data()), &size);
    TRUNKLINE_ASSERT(done == 1 && size == out.size());
    return out;
}

std::string Ed25519Signer::sign(std::string_view message) const {
    const Evp<EVP_MD_CTX> context{EVP_MD_CTX_new()};
    std::string out(kEd25519SignatureBytes, '\0');
    std::size_t size = out.size();
    const bool done =
        context &&
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) == 1 &&
        EVP_DigestSign(
            context.get(), bytes_of(out.data()), &size, bytes_of(message), message.size()
        ) == 1;
    TRUNKLINE_ASSERT(done && size == out.size());
    return out;
}

}  // namespace trunkline::seal
