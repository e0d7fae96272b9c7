#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

#include "host/base/assert.hpp"
#include "host/seal/crypto.hpp"
#include "host/seal/evp.hpp"

namespace trunkline::seal {

// As many ciphers as threads have been inside at once; they die with the owner, and their keys with
// them.
struct AtRest::State {
    explicit State(std::string key_32_bytes) : key{std::move(key_32_bytes)} {}
    ~State() { cleanse(key); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    struct Cipher {
        explicit Cipher(std::string_view with) : gcm{with} {}

        // 64 random bits for each context and a count behind them (NIST SP 800-38D 8.2.1). Drawing
        // all 96 bits at random would be safe for 2^32 values, which a busy host stores in six
        // weeks; two contexts of one key would have to draw the same 64 bits for an iv to repeat,
        // and there are only a few contexts a start.
        std::string next_iv() {
            if (prefix.empty() || count == std::numeric_limits<std::uint32_t>::max()) {
                prefix = random_bytes(kIvBytes - sizeof count);
                count = 0;
            }
            ++count;
            std::string iv = prefix;
            for (unsigned shift = 32; shift > 0; shift -= 8)
                iv += static_cast<char>(count >> (shift - 8));
            return iv;
        }

        Gcm gcm;
        std::string prefix;
        std::uint32_t count = 0;
    };

    std::unique_ptr<Cipher> take() {
        {
            const std::lock_guard hold{lock};
            if (!idle.empty()) {
                auto cipher = std::move(idle.back());
                idle.pop_back();
                return cipher;
            }
        }
        return std::make_unique<Cipher>(key);
    }

    void give_back(std::unique_ptr<Cipher> cipher) {
        const std::lock_guard hold{lock};
        idle.push_back(std::move(cipher));
    }

    std::string key;
    std::mutex lock;
    std::vector<std::unique_ptr<Cipher>> idle;  // guarded by lock
};

AtRest::AtRest(std::string key_32_bytes)
    : state_{std::make_unique<State>(std::move(key_32_bytes))} {
    TRUNKLINE_ASSERT(state_->key.size() == kKeyBytes);
}
AtRest::~AtRest() = default;
AtRest::AtRest(AtRest&&) noexcept = default;

void AtRest::encrypt(std::string_view context, std::string_view plain, std::string& out) const {
    auto cipher = state_->take();
    const std::string iv = cipher->next_iv();
    const std::size_t start = out.size();
    out.resize(start + kIvBytes + plain.size() + kTagBytes);
    char* const at = out.data() + start;
    iv.copy(at, kIvBytes);
    char* const body = at + kIvBytes;
    cipher->gcm.encrypt(iv, context, plain, body, body + plain.size());
    state_->give_back(std::move(cipher));
}

bool AtRest::decrypt(std::string_view context, std::string_view sealed, std::string& out) const {
    out.clear();
    if (sealed.size() < kIvBytes + kTagBytes) return false;
    const std::string_view iv = sealed.substr(0, kIvBytes);
    const std::string_view tag = sealed.substr(sealed.size() - kTagBytes);
    const std::string_view body = sealed.substr(kIvBytes, sealed.size() - kIvBytes - kTagBytes);
    out.resize(body.size());
    auto cipher = state_->take();
    const bool good = cipher->gcm.decrypt(iv, context, body, tag, out.data());
    state_->give_back(std::move(cipher));
    if (!good) out.clear();
    return good;
}

}  // namespace trunkline::seal
