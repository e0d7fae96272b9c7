#include "host/base/assert.hpp"
#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"
#include "host/seal/evp.hpp"
#include "host/seal/jwe.hpp"
#include "host/seal/seal.hpp"

namespace trunkline::seal {

struct Sealer::State {
    State(std::string kid_text, const DerivedKeys& current, Direction direction)
        : kid{std::move(kid_text)},
          sign{current.sign(direction)},
          cipher{current.encrypt(direction)} {}

    const std::string& header_for(std::string_view type) {
        if (header.empty() || type != content_type) {
            content_type = type;
            header = jwe_header(kid, type);
        }
        return header;
    }

    // 96 random bits per message: safe for 2^32 messages under one key (NIST SP 800-38D 8.3), which
    // is why keys rotate. Drawn many at a time, because one draw costs as much as encrypting a
    // small message.
    std::string_view next_iv() {
        if (ivs_used + kIvBytes > ivs.size()) {
            ivs = random_bytes(64 * kIvBytes);
            ivs_used = 0;
        }
        ivs_used += kIvBytes;
        return std::string_view{ivs}.substr(ivs_used - kIvBytes, kIvBytes);
    }

    std::string kid;
    Mac sign;
    std::optional<Mac> sign_next;
    Gcm cipher;
    std::string content_type;  // of the header below
    std::string header;        // encoded, kept because nearly every message has the same
    std::string ivs;
    std::size_t ivs_used = 0;
};

Sealer::Sealer(std::string kid, KeyRing keys, Direction direction)
    : state_{std::make_unique<State>(std::move(kid), derive(keys.current), direction)} {
    if (keys.next) state_->sign_next.emplace(derive(*keys.next).sign(direction));
}
Sealer::~Sealer() = default;
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;

Sealed Sealer::seal(
    std::string_view plain,
    std::string_view content_type,
    bool encrypt,
    std::string_view id,
    WallMs now
) {
    Sealed out;
    if (encrypt) {
        out.body = this->encrypt(plain, content_type, state_->next_iv());
        out.content_type = "application/jose";
    } else {
        out.body = plain;
        out.content_type = content_type;
    }
    out.id = id;
    out.timestamp = std::to_string(now / 1000);
    out.signature = sign(out.id, out.timestamp, out.body);
    if (state_->sign_next) {
        out.signature += ' ';
        out.signature += sign(out.id, out.timestamp, out.body, true);
    }
    return out;
}

std::string Sealer::encrypt(
    std::string_view plain, std::string_view content_type, std::string_view iv
) {
    return jwe_encrypt(state_->cipher, state_->header_for(content_type), iv, plain);
}

std::string Sealer::sign(
    std::string_view id, std::string_view timestamp, std::string_view body, bool with_next
) {
    TRUNKLINE_ASSERT(!with_next || state_->sign_next.has_value());
    Mac& mac = with_next ? *state_->sign_next : state_->sign;
    mac.start();
    mac.update(id);
    mac.update(".");
    mac.update(timestamp);
    mac.update(".");
    mac.update(body);
    return "v1," + base64_encode(mac.finish());
}

}  // namespace trunkline::seal
