// The published vectors were made with other libraries. What they say, both directions must do to
// the byte.

#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "hex.hpp"
#include "host/base/base64.hpp"
#include "host/seal/seal.hpp"

namespace trunkline::seal {
namespace {

std::string string_of(const boost::json::value& value) {
    return {value.as_string().data(), value.as_string().size()};
}

class VectorsTest : public testing::Test {
protected:
    VectorsTest() {
        std::ifstream file{TRUNKLINE_VECTORS "/seal.json"};
        std::stringstream text;
        text << file.rdbuf();
        all_ = boost::json::parse(text.str()).as_object();
        key_ = *LicenseKey::parse(Secret{string_of(all_.at("license_key"))});
    }

    const boost::json::object& case_of(std::size_t i) {
        return all_.at("cases").as_array().at(i).as_object();
    }
    static Direction direction_of(const boost::json::object& one) {
        return string_of(one.at("direction")) == "host-to-portal" ? Direction::host_to_portal
                                                                  : Direction::portal_to_host;
    }

    boost::json::object all_;
    LicenseKey key_;
};

TEST_F(VectorsTest, DerivesTheFourKeys) {
    const auto& expected = all_.at("derived").as_object();
    const DerivedKeys keys = derive(key_);

    const auto hex = [&](const char* name) { return string_of(expected.at(name)); };
    EXPECT_EQ(hex_encode(keys.sign_host_to_portal), hex("trunkline v1 sign host-to-portal"));
    EXPECT_EQ(hex_encode(keys.encrypt_host_to_portal), hex("trunkline v1 encrypt host-to-portal"));
    EXPECT_EQ(hex_encode(keys.sign_portal_to_host), hex("trunkline v1 sign portal-to-host"));
    EXPECT_EQ(hex_encode(keys.encrypt_portal_to_host), hex("trunkline v1 encrypt portal-to-host"));
}

TEST_F(VectorsTest, PrintsTheKeysAsLibrariesTakeThem) {
    const auto& forms = all_.at("portal_forms").as_object();
    const DerivedKeys keys = derive(key_);

    EXPECT_EQ(
        as_whsec(keys.sign_host_to_portal).reveal(),
        string_of(forms.at("sign host-to-portal as whsec"))
    );
    EXPECT_EQ(
        boost::json::parse(as_jwk(keys.encrypt_host_to_portal).reveal()),
        forms.at("encrypt host-to-portal as jwk")
    );
}

TEST_F(VectorsTest, SealsToTheByteInBothDirections) {
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& one = case_of(i);
        Sealer sealer{string_of(one.at("kid")), {.current = key_, .next = {}}, direction_of(one)};
        const std::string iv = from_hex(string_of(one.at("iv_hex")));
        const std::string plain = string_of(one.at("plaintext"));
        const std::string id = string_of(one.at("webhook_id"));
        const auto seconds = one.at("webhook_timestamp").as_int64();

        const std::string jwe = sealer.encrypt(plain, "application/json", iv);
        const Sealed clear =
            sealer.seal(plain, "application/json", false, id, seconds * 1000 + 999);

        EXPECT_EQ(jwe, string_of(one.at("jwe")));
        EXPECT_EQ(
            sealer.sign(id, std::to_string(seconds), jwe),
            string_of(one.at("webhook_signature_of_jwe"))
        );
        EXPECT_EQ(clear.signature, string_of(one.at("webhook_signature_of_plaintext")));
        EXPECT_EQ(clear.timestamp, std::to_string(seconds));
        EXPECT_EQ(clear.body, plain);
        EXPECT_EQ(clear.content_type, "application/json");
    }
}

TEST_F(VectorsTest, OpensWhatOthersSealed) {
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& one = case_of(i);
        Opener opener{string_of(one.at("kid")), {.current = key_, .next = {}}, direction_of(one)};
        const std::string jwe = string_of(one.at("jwe"));
        const std::string id = string_of(one.at("webhook_id"));
        const std::string signature = string_of(one.at("webhook_signature_of_jwe"));
        const auto seconds = one.at("webhook_timestamp").as_int64();
        const std::string timestamp = std::to_string(seconds);

        const auto opened = opener.open(
            {.id = id,
             .timestamp = timestamp,
             .signature = signature,
             .content_type = "application/jose",
             .body = jwe},
            true,
            seconds * 1000
        );

        ASSERT_TRUE(opened) << opened.error().context;
        EXPECT_EQ(opened->plain, string_of(one.at("plaintext")));
        EXPECT_EQ(opened->content_type, "application/json");
        EXPECT_TRUE(opened->encrypted);
        EXPECT_FALSE(opened->by_next);
    }
}

TEST_F(VectorsTest, SignsWithBothKeysWhileRotating) {
    const auto& rotation = all_.at("rotation").as_object();
    const auto next = LicenseKey::parse(Secret{string_of(rotation.at("next_license_key"))});
    ASSERT_TRUE(next);
    const std::string jwe = string_of(case_of(0).at("jwe"));
    const std::string id = string_of(rotation.at("webhook_id"));
    const auto seconds = rotation.at("webhook_timestamp").as_int64();
    const std::string expected = string_of(rotation.at("webhook_signature"));
    const KeyRing ring{.current = key_, .next = *next};

    Sealer sealer{"acme", ring, Direction::host_to_portal};
    const Sealed sealed = sealer.seal(jwe, "application/jose", false, id, seconds * 1000);
    Opener new_only{"acme", {.current = *next, .next = {}}, Direction::host_to_portal};
    Opener old_only{"acme", {.current = key_, .next = {}}, Direction::host_to_portal};
    const Incoming incoming{
        .id = id,
        .timestamp = sealed.timestamp,
        .signature = expected,
        .content_type = "application/jose",
        .body = jwe};

    EXPECT_EQ(sealed.signature, expected);
    EXPECT_TRUE(old_only.open(incoming, true, seconds * 1000));
    EXPECT_FALSE(new_only.open(incoming, true, seconds * 1000)) << "the old key encrypted";
}

TEST_F(VectorsTest, RefusesEverythingThatMustFail) {
    std::size_t seen = 0;
    const auto& good = case_of(0);
    Opener opener{"acme", {.current = key_, .next = {}}, Direction::host_to_portal};
    Opener other_way{"acme", {.current = key_, .next = {}}, Direction::portal_to_host};
    const std::string id = string_of(good.at("webhook_id"));
    for (const auto& value : all_.at("must_fail").as_array()) {
        const auto& one = value.as_object();
        std::string body = string_of(good.at("jwe"));
        if (const auto* jwe = one.if_contains("jwe")) body = string_of(*jwe);
        if (const auto* header = one.if_contains("header")) {
            body = base64url_encode(boost::json::serialize(*header)) + body.substr(body.find('.'));
        }
        std::string timestamp = "1763800000";
        std::int64_t clock = 1763800000;
        if (const auto* at = one.if_contains("clock")) clock = at->as_int64();
        Opener& reader = one.contains("key") ? other_way : opener;
        // Signed well where the vector does not say otherwise, so that the reason named is the one
        // that refuses.
        const Direction direction =
            one.contains("key") ? Direction::portal_to_host : Direction::host_to_portal;
        Sealer signer{"acme", {.current = key_, .next = {}}, direction};
        std::string signature = signer.sign(id, timestamp, body);
        if (const auto* fixed = one.if_contains("webhook_signature")) signature = string_of(*fixed);

        const auto opened = reader.open(
            {.id = id,
             .timestamp = timestamp,
             .signature = signature,
             .content_type = "application/jose",
             .body = body},
            true,
            clock * 1000
        );

        ASSERT_FALSE(opened) << string_of(one.at("why"));
        EXPECT_EQ(opened.error().fault, Fault::forged);
        ++seen;
    }
    EXPECT_EQ(seen, 4u);
}

TEST_F(VectorsTest, ReadsAndPrintsLicenseKeys) {
    EXPECT_EQ(key_.text().reveal(), string_of(all_.at("license_key")));
    EXPECT_FALSE(LicenseKey::parse(Secret{"tlk_"}));
    EXPECT_FALSE(LicenseKey::parse(Secret{key_.text().reveal() + "A"}));
    EXPECT_FALSE(LicenseKey::parse(Secret{"tlk-" + key_.text().reveal().substr(4)}));
    EXPECT_FALSE(LicenseKey::generate() == LicenseKey::generate());
    EXPECT_EQ(LicenseKey::generate().bytes().size(), 32u);
}

}  // namespace
}  // namespace trunkline::seal
