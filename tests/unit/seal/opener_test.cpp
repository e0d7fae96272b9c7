// An opener accepts exactly what the other side sealed, and says nothing but "forged" to everything
// else.

#include <gtest/gtest.h>

#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"
#include "host/seal/evp.hpp"
#include "host/seal/jwe.hpp"
#include "host/seal/seal.hpp"

namespace trunkline::seal {
namespace {

constexpr WallMs kNow = 1'763'800'000'000;
constexpr auto kWay = Direction::portal_to_host;

Incoming incoming_of(const Sealed& sealed) {
    return {
        .id = sealed.id,
        .timestamp = sealed.timestamp,
        .signature = sealed.signature,
        .content_type = sealed.content_type,
        .body = sealed.body};
}

class OpenerTest : public testing::Test {
protected:
    bool opens(const Sealed& sealed, bool require_encryption = true, WallMs now = kNow) {
        const auto opened = opener_.open(incoming_of(sealed), require_encryption, now);
        EXPECT_TRUE(opened || opened.error().fault == Fault::forged);
        return opened.has_value();
    }
    Sealed sealed(std::string_view plain = "{}") {
        return sealer_.seal(plain, "application/json", true, "id-1", kNow);
    }
    // A well signed JWE with any header.
    Sealed with_header(const std::string& header) {
        Gcm cipher{derive(key_).encrypt(kWay)};
        Sealed out = sealed();
        out.body = jwe_encrypt(cipher, base64url_encode(header), std::string(12, 'i'), "{}");
        out.signature = sealer_.sign(out.id, out.timestamp, out.body);
        return out;
    }
    // A well signed body of any form.
    Sealed with_body(const std::string& body) {
        Sealed out = sealed();
        out.body = body;
        out.signature = sealer_.sign(out.id, out.timestamp, out.body);
        return out;
    }

    LicenseKey key_ = LicenseKey::generate();
    LicenseKey next_ = LicenseKey::generate();
    Sealer sealer_{"acme", {.current = key_, .next = {}}, kWay};
    Opener opener_{"acme", {.current = key_, .next = {}}, kWay};
};

TEST_F(OpenerTest, OpensEverySize) {
    for (const std::size_t size : {0U, 1U, 2U, 3U, 15U, 16U, 17U, 1000U, 1U << 20U}) {
        const std::string plain(size, 'x');
        const Sealed out = sealed(plain);
        const auto opened = opener_.open(incoming_of(out), true, kNow);
        ASSERT_TRUE(opened) << size << ' ' << opened.error().context;
        EXPECT_EQ(opened->plain, plain);
    }
}

TEST_F(OpenerTest, NeverRepeatsAnIv) {
    std::set<std::string> seen;
    for (int i = 0; i < 500; ++i) {
        const Sealed out = sealed();
        seen.insert(std::string{jwe_split(out.body)->iv});
    }
    EXPECT_EQ(seen.size(), 500u);
}

TEST_F(OpenerTest, AllowsFiveMinutesBothWaysInclusive) {
    const Sealed out = sealed();
    EXPECT_TRUE(opens(out, true, kNow + 300'999));
    EXPECT_FALSE(opens(out, true, kNow + 301'000));
    EXPECT_TRUE(opens(out, true, kNow - 300'000));
    EXPECT_FALSE(opens(out, true, kNow - 300'001)) << "the clock's second has already changed";
}

TEST_F(OpenerTest, RefusesTimestampsThatAreNotDigits) {
    for (const std::string text :
         {"",
          "-1763800000",
          "+1763800000",
          " 1763800000",
          "1763800000 ",
          "1763800000.0",
          "0x69214900",
          "17638000000000",
          "99999999999999999999",
          "1.7638e9"}) {
        Sealed out = sealed();
        out.timestamp = text;
        out.signature = sealer_.sign(out.id, text, out.body);
        EXPECT_FALSE(opens(out)) << text;
    }
}

TEST_F(OpenerTest, TakesOneGoodSignatureAmongOthers) {
    Sealed out = sealed();
    const std::string good = out.signature;
    out.signature = "v1a,AAAA v1,AAAA v1,not-base64! " + good + " v2,zzz";
    EXPECT_TRUE(opens(out));
    out.signature = good + "  ";
    EXPECT_TRUE(opens(out));

    out.signature = good.substr(3);
    EXPECT_FALSE(opens(out)) << "no version";
    out.signature = "v1a," + good.substr(3);
    EXPECT_FALSE(opens(out)) << "another version";
    out.signature = good + "," + good;
    EXPECT_FALSE(opens(out)) << "separated by something else";
    out.signature = "";
    EXPECT_FALSE(opens(out));
    out.signature.clear();
    for (int i = 0; i < 16; ++i)
        out.signature += "v1,AAAA ";
    EXPECT_FALSE(opens({out.body, out.content_type, out.id, out.timestamp, out.signature + good}))
        << "the seventeenth is not looked at";
}

TEST_F(OpenerTest, SignatureCoversIdTimestampAndBody) {
    Sealed id = sealed();
    id.id = "id-2";
    Sealed timestamp = sealed();
    timestamp.timestamp = "1763800001";
    Sealed body = sealed();
    body.body += 'A';
    EXPECT_FALSE(opens(id));
    EXPECT_FALSE(opens(timestamp));
    EXPECT_FALSE(opens(body));
}

TEST_F(OpenerTest, RefusesAnotherKeyAnotherPortalAndTheOtherDirection) {
    Sealer other_key{"acme", {.current = next_, .next = {}}, kWay};
    Sealer other_portal{"bolt", {.current = key_, .next = {}}, kWay};
    Sealer other_way{"acme", {.current = key_, .next = {}}, Direction::host_to_portal};
    EXPECT_FALSE(opens(other_key.seal("{}", "application/json", true, "id", kNow)));
    EXPECT_FALSE(opens(other_portal.seal("{}", "application/json", true, "id", kNow)));
    EXPECT_FALSE(opens(other_way.seal("{}", "application/json", true, "id", kNow)));
}

TEST_F(OpenerTest, ClearBodiesOnlyWhereAllowed) {
    const Sealed clear = sealer_.seal(R"({"commands":[]})", "application/json", false, "id", kNow);
    EXPECT_FALSE(opens(clear, true));

    const auto opened = opener_.open(incoming_of(clear), false, kNow);

    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->plain, R"({"commands":[]})");
    EXPECT_EQ(opened->content_type, "application/json");
    EXPECT_FALSE(opened->encrypted);
}

TEST_F(OpenerTest, ReadsTheContentTypeAsAMediaType) {
    Sealed out = sealed();
    out.content_type = "Application/JOSE ; charset=utf-8";
    EXPECT_TRUE(opens(out));
    out.content_type = "application/jose+json";
    EXPECT_FALSE(opens(out));
}

TEST_F(OpenerTest, AcceptsHeadersOtherLibrariesWrite) {
    for (const char* header :
         {R"({"alg":"dir","enc":"A256GCM","kid":"acme","cty":"application/json"})",
          R"({ "kid" : "acme", "typ":"JWE", "enc":"A256GCM", "alg":"dir" })",
          R"({"alg":"dir","enc":"A256GCM","kid":"\u0061cme","cty":"json"})"}) {
        const Sealed out = with_header(header);
        const auto opened = opener_.open(incoming_of(out), true, kNow);
        ASSERT_TRUE(opened) << header << opened.error().context;
        EXPECT_EQ(opened->content_type, "application/json");
    }
}

TEST_F(OpenerTest, RefusesEveryOtherHeader) {
    for (const std::string& header : {
             std::string{""},
             std::string{"[]"},
             std::string{"{"},
             std::string{R"({"alg":"dir","enc":"A256GCM"})"},
             std::string{R"({"alg":"none","enc":"A256GCM","kid":"acme"})"},
             std::string{R"({"alg":"DIR","enc":"A256GCM","kid":"acme"})"},
             std::string{R"({"alg":"RSA-OAEP","enc":"A256GCM","kid":"acme"})"},
             std::string{R"({"alg":"dir","enc":"A128GCM","kid":"acme"})"},
             std::string{R"({"alg":"dir","enc":"A256CBC-HS512","kid":"acme"})"},
             std::string{R"({"alg":["dir"],"enc":"A256GCM","kid":"acme"})"},
             std::string{R"({"alg":"dir","enc":"A256GCM","kid":"Acme"})"},
             std::string{R"({"alg":"dir","enc":"A256GCM","kid":1})"},
             std::string{R"({"alg":"dir","enc":"A256GCM","kid":"acme","cty":1})"},
             std::string{R"({"alg":"dir","enc":"A256GCM","kid":"acme","zip":"DEF"})"},
             std::string{R"({"alg":"dir","enc":"A256GCM","kid":"acme","crit":["exp"],"exp":1})"},
             std::string{R"({"alg":"dir","enc":"A256GCM","kid":"acme","crit":null})"},
             std::string{R"({"alg":"dir","enc":"A256GCM","kid":"acme","x":[[[[[1]]]]]})"},
             R"({"alg":"dir","enc":"A256GCM","kid":"acme","x":")" + std::string(1024, 'x') + "\"}",
         }) {
        EXPECT_FALSE(opens(with_header(header))) << header;
    }
}

TEST_F(OpenerTest, RefusesEveryOtherForm) {
    const std::string good = sealed("hello").body;
    const auto dot = good.find('.');
    const auto last = good.rfind('.');
    const auto parts = jwe_split(good);
    ASSERT_TRUE(parts);
    const std::string header{parts->header}, iv{parts->iv}, body{parts->sealed}, tag{parts->tag};
    const auto join =
        [&](const std::string& key, const std::string& i, const std::string& b, const std::string& t
        ) { return header + "." + key + "." + i + "." + b + "." + t; };
    ASSERT_TRUE(opens(with_body(join("", iv, body, tag))));
    for (const std::string& text : {
             std::string{},
             std::string{"...."},
             good + ".",
             good.substr(0, last),
             good.substr(dot),
             join("AAAA", iv, body, tag),
             join("", iv.substr(4), body, tag),
             join("", iv + "AAAA", body, tag),
             join("", iv, body, tag.substr(0, 20)),
             join("", iv, body, ""),
             join("", iv, body, tag + "AA"),
             join("", iv, body + "=", tag),
             join("", iv, body + "\n", tag),
             join("", iv, "", tag),
             good + "\n",
             " " + good,
         }) {
        EXPECT_FALSE(opens(with_body(text))) << text;
    }
    // 16 bytes in 22 characters leave four bits, which must be zero: one value, one text.
    std::string loose = good;
    loose.back() = loose.back() == 'A' ? 'B' : static_cast<char>(loose.back() + 1);
    EXPECT_FALSE(opens(with_body(loose)));
}

TEST_F(OpenerTest, RefusesEveryFlippedBitOfAShortMessage) {
    const std::string good = sealed("hi").body;
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        EXPECT_FALSE(opens(with_body(bad))) << i;
    }
}

TEST_F(OpenerTest, KnownHeaderDoesNotVouchForOthers) {
    EXPECT_TRUE(opens(sealed()));
    EXPECT_FALSE(opens(with_header(R"({"alg":"none","enc":"A256GCM","kid":"acme"})")));
    EXPECT_TRUE(opens(sealed()));
}

TEST_F(OpenerTest, OpensUnderBothKeysWhileRotating) {
    Opener both{"acme", {.current = key_, .next = next_}, kWay};
    Sealer by_next{"acme", {.current = next_, .next = {}}, kWay};
    Sealer by_both{"acme", {.current = key_, .next = next_}, kWay};
    Sealer promoted{"acme", promote({.current = key_, .next = next_}), kWay};
    const Sealed old = sealed("old");
    const Sealed young = by_next.seal("young", "application/json", true, "id", kNow);
    const Sealed twice = by_both.seal("twice", "application/json", true, "id", kNow);
    const Sealed swapped = promoted.seal("swapped", "application/json", true, "id", kNow);

    const auto a = both.open(incoming_of(old), true, kNow);
    const auto b = both.open(incoming_of(young), true, kNow);
    const auto c = both.open(incoming_of(twice), true, kNow);
    const auto d = both.open(incoming_of(swapped), true, kNow);

    ASSERT_TRUE(a && b && c && d);
    EXPECT_FALSE(a->by_next);
    EXPECT_TRUE(b->by_next);
    EXPECT_TRUE(c->by_next) << "who signs with the next key has it";
    EXPECT_TRUE(d->by_next);
    EXPECT_EQ(a->plain + b->plain + c->plain + d->plain, "oldyoungtwiceswapped");
    EXPECT_TRUE(opens(twice)) << "a side that has not rotated opens what the first key encrypted";
    EXPECT_FALSE(opens(swapped)) << "and refuses, alike, what it cannot decrypt";
}

TEST_F(OpenerTest, PromoteSwapsAndOnlySwaps) {
    const KeyRing ring = promote({.current = key_, .next = next_});
    EXPECT_TRUE(ring.current == next_);
    ASSERT_TRUE(ring.next);
    EXPECT_TRUE(*ring.next == key_);
    const KeyRing alone = promote({.current = key_, .next = {}});
    EXPECT_TRUE(alone.current == key_);
    EXPECT_FALSE(alone.next);
}

TEST_F(OpenerTest, OnlyAKeyThatSignedMayHaveEncrypted) {
    // Encrypted under the next key, signed under the current one alone.
    Sealer by_next{"acme", {.current = next_, .next = {}}, kWay};
    Opener both{"acme", {.current = key_, .next = next_}, kWay};
    Sealed mixed = by_next.seal("{}", "application/json", true, "id", kNow);
    mixed.signature = sealer_.sign(mixed.id, mixed.timestamp, mixed.body);
    EXPECT_FALSE(both.open(incoming_of(mixed), true, kNow));
}

}  // namespace
}  // namespace trunkline::seal
