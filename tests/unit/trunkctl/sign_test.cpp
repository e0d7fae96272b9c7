// Signatures made and checked at a desk, without a host.
#include "host/trunkctl/sign.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "host/base/base64.hpp"
#include "host/plugins/signature.hpp"

namespace trunkline::trunkctl::test {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Seeds of 32 times 's' and 32 times 't', in PKCS #8.
constexpr const char* kPrivate =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIHNzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* kOther =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0\n"
    "-----END PRIVATE KEY-----\n";

class SignTest : public testing::Test {
protected:
    SignTest() {
        std::string pattern = (fs::temp_directory_path() / "trunkline-sign-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        fs::copy_file(TRUNKLINE_GOOD_CONNECTOR, connector());
        write("key.pem", kPrivate);
        ::chmod(at("key.pem").c_str(), 0600);
    }
    ~SignTest() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    std::string at(const std::string& name) const { return (folder_ / name).string(); }
    std::string connector() const { return at("good.so"); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream{at(name), std::ios::binary} << text;
    }
    std::string read(const std::string& name) const {
        std::ifstream in{at(name), std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    SignedFile sign(const std::string& key = "key.pem") const {
        const auto made = sign_connector(connector(), at(key));
        EXPECT_TRUE(made) << made.error().context;
        return made ? *made : SignedFile{};
    }
    std::string why_not_signed(const std::string& file, const std::string& key) const {
        const auto made = sign_connector(file, key);
        return made ? "signed" : made.error().context;
    }
    std::string why_not_verified(const std::string& key) const {
        const auto judged = verify_connector(connector(), key);
        return judged ? "verified" : judged.error().context;
    }

    fs::path folder_;
};

TEST_F(SignTest, WhatWasSignedVerifiesUnderItsKeyAlone) {
    const SignedFile made = sign();
    EXPECT_EQ(made.file, connector() + ".sig");
    EXPECT_EQ(made.connector, "good");
    EXPECT_EQ(made.version, "1.2.3");
    EXPECT_EQ(made.warning, "");
    std::string key;
    ASSERT_TRUE(base64_decode(made.key, key));
    EXPECT_EQ(made.fingerprint, plugins::fingerprint(key));
    EXPECT_EQ(read("good.so.sig").find("trunkline signature 1\nkey: " + made.key + "\n"), 0u);

    const auto judged = verify_connector(connector(), made.key);
    ASSERT_TRUE(judged) << judged.error().context;
    EXPECT_EQ(judged->connector, "good");
    EXPECT_EQ(judged->fingerprint, made.fingerprint);

    write("other.pem", kOther);
    const std::string first = made.key;
    const SignedFile again = sign("other.pem");
    EXPECT_NE(again.key, first);
    EXPECT_THAT(
        why_not_verified(first),
        EndsWith("is signed with another key (fingerprint " + again.fingerprint + ")")
    );
    EXPECT_EQ(why_not_verified(again.key), "verified") << "the former signature was replaced";
    EXPECT_FALSE(fs::exists(at("good.so.sig.tmp")));
}

TEST_F(SignTest, WhatDoesNotVerifyIsTold) {
    const std::string key = sign().key;
    fs::remove(at("good.so.sig"));
    EXPECT_EQ(
        why_not_verified(key), connector() + " is not signed: there is no " + connector() + ".sig"
    );
    sign();
    std::ofstream{connector(), std::ios::binary | std::ios::app} << "more";
    EXPECT_THAT(
        why_not_verified(key), HasSubstr("good.so: its bytes are not those that were signed")
    );
    EXPECT_EQ(
        why_not_verified("nonsense"), "nonsense is not an Ed25519 public key: 32 bytes in base64"
    );
    write("good.so.sig", "nonsense");
    EXPECT_THAT(
        why_not_verified(key),
        HasSubstr("good.so: its signature good.so.sig is none: its first line")
    );
}

TEST_F(SignTest, AKeyThatOthersCanReadIsWarnedOf) {
    ::chmod(at("key.pem").c_str(), 0640);
    EXPECT_EQ(
        sign().warning,
        at("key.pem") + " is a private key that others can read: chmod 600 " + at("key.pem")
    );
}

TEST_F(SignTest, WhatCannotBeSignedIsTold) {
    EXPECT_THAT(
        why_not_signed(connector(), at("nowhere.pem")),
        EndsWith("nowhere.pem cannot be read: No such file or directory")
    );
    EXPECT_EQ(
        why_not_signed(connector(), folder_.string()), folder_.string() + " is not a regular file"
    );
    EXPECT_EQ(
        why_not_signed(connector(), connector()), connector() + " is not a private key in PEM"
    );
    EXPECT_THAT(
        why_not_signed(at("nowhere.so"), at("key.pem")),
        EndsWith("nowhere.so cannot be read: No such file or directory")
    );
    write("text.so", "this is no library\n");
    EXPECT_THAT(
        why_not_signed(at("text.so"), at("key.pem")),
        StartsWith(at("text.so") + " is no connector: ")
    );
    EXPECT_FALSE(fs::exists(at("text.so.sig")));

    fs::create_directory(at("good.so.sig"));
    EXPECT_THAT(
        why_not_signed(connector(), at("key.pem")),
        StartsWith(connector() + ".sig cannot be written: ")
    );
    EXPECT_FALSE(fs::exists(at("good.so.sig.tmp")));
}

}  // namespace
}  // namespace trunkline::trunkctl::test
