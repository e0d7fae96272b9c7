// Signatures beside connectors: their form, and who may run under which policy.
#include "host/plugins/signature.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "host/plugins/generation.hpp"
#include "host/plugins/notes.hpp"
#include "scratch_folder.hpp"
#include "signing.hpp"

namespace trunkline::plugins {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const Signer kOurs{'o'};
const Signer kTheirs{'t'};

class SignatureTest : public ::testing::Test {
protected:
    /// What a folder with the good connector and this signature comes to.
    PluginInfo load(const SignaturePolicy& policy) {
        CatalogueOptions options;
        options.directory = folder_.plugins();
        options.staging = folder_.staging();
        options.signatures = policy;
        options.log = [this](const std::string&, int, std::string_view text) {
            said_.emplace_back(text);
        };
        const auto catalogue = make_catalogue(std::move(options));
        catalogue->load_all();
        const auto rows = catalogue->list();
        EXPECT_EQ(rows.size(), 1u) << "a signature is no connector";
        const auto current = catalogue->current(ConnectorId{"good"});
        EXPECT_EQ(current ? current->origin().signed_by() : "", rows.front().signed_by);
        return rows.front();
    }
    std::string refusal(const SignaturePolicy& policy) {
        const PluginInfo info = load(policy);
        EXPECT_EQ(info.state, "rejected");
        EXPECT_EQ(info.signed_by, "");
        EXPECT_EQ(info.manifest.version, "1.2.3") << "its note was read";
        EXPECT_TRUE(said_.empty()) << "none of its code may have run";
        EXPECT_TRUE(std::filesystem::is_empty(folder_.staging()));
        // A check of the configuration judges alike, without staging anything.
        const auto found = read_notes(folder_.plugins(), 1U << 30U, policy);
        EXPECT_EQ(found->front().error ? found->front().error->context : "taken", info.reason);
        return info.reason;
    }
    std::string bytes() const { return bytes_of(folder_.plugins() + "/good.so"); }
    void sign(const Signer& signer) { folder_.write("good.so.sig", signer.file_for(bytes())); }

    static SignaturePolicy lenient() { return {false, {kOurs.public_key()}}; }
    static SignaturePolicy strict() { return {true, {kOurs.public_key()}}; }

    SignatureTest() { folder_.deploy("good"); }

    ScratchFolder folder_;
    std::vector<std::string> said_;
};

TEST_F(SignatureTest, WhatATrustedKeySignedServesAndSaysWhoItWas) {
    sign(kOurs);
    for (const SignaturePolicy& policy : {lenient(), strict()}) {
        const PluginInfo info = load(policy);
        EXPECT_EQ(info.state, "serving") << info.reason;
        EXPECT_EQ(info.signed_by, fingerprint(kOurs.key()));
        EXPECT_EQ(info.signed_by.size(), 16u);
    }
    EXPECT_EQ(load({true, {kTheirs.public_key(), kOurs.public_key()}}).state, "serving");
}

TEST_F(SignatureTest, WithoutAPolicyTheUnsignedServe) {
    const PluginInfo info = load(lenient());
    EXPECT_EQ(info.state, "serving");
    EXPECT_EQ(info.signed_by, "");
}

TEST_F(SignatureTest, WithoutAPolicyAnUnknownSignerCountsAsNone) {
    sign(kTheirs);
    for (const SignaturePolicy& policy : {lenient(), SignaturePolicy{}}) {
        const PluginInfo info = load(policy);
        EXPECT_EQ(info.state, "serving") << info.reason;
        EXPECT_EQ(info.signed_by, "");
    }
}

TEST_F(SignatureTest, ThePolicyRefusesTheUnsigned) {
    EXPECT_EQ(
        refusal(strict()),
        "is not signed: there is no good.so.sig, and plugins.require_signature is on"
    );
}

TEST_F(SignatureTest, ThePolicyRefusesAnUnknownSigner) {
    sign(kTheirs);
    EXPECT_EQ(
        refusal(strict()),
        "is signed with a key that plugins.trusted_keys does not have (fingerprint " +
            fingerprint(kTheirs.key()) + ")"
    );
}

TEST_F(SignatureTest, ChangedBytesAreRefusedWhateverThePolicyAndTheSigner) {
    constexpr const char* kWords =
        "its bytes are not those that were signed: it was changed since, or good.so.sig is of "
        "another build";
    for (const Signer& signer : {kOurs, kTheirs}) {
        folder_.deploy("good");
        sign(signer);
        std::string changed = bytes();
        changed += '\0';  // still a library that could be mapped
        folder_.write("good.so", changed);
        EXPECT_EQ(refusal(lenient()), kWords);
        EXPECT_EQ(refusal(strict()), kWords);
        EXPECT_EQ(refusal({}), kWords);
    }
}

TEST_F(SignatureTest, ASignatureBelongsToThisPurposeAlone) {
    const std::string digest = signed_message(bytes()).substr(23);
    EXPECT_EQ(digest.size(), 65u);
    const std::vector<std::string> others{
        bytes(), digest, "trunkline connector v2\n" + digest, "trunkline connector v1\n"};
    for (const std::string& message : others) {
        folder_.write("good.so.sig", to_text({kOurs.key(), kOurs.sign(message)}));
        EXPECT_THAT(refusal(lenient()), StartsWith("its bytes are not those that were signed"));
    }
}

TEST_F(SignatureTest, ASignatureUnderAnotherNameIsNone) {
    folder_.write("better.so.sig", kOurs.file_for(bytes()));
    EXPECT_EQ(load(lenient()).signed_by, "");
}

TEST_F(SignatureTest, WhatIsNoSignatureIsRefusedWithItsCause) {
    const std::string good = kOurs.file_for(bytes());
    const auto second = good.find('\n') + 1, third = good.find('\n', second) + 1;
    const std::map<std::string, std::string> causes{
        {"", "its first line is not"},
        {"x", "its first line is not"},
        {"trunkline signature 2\n" + good.substr(second), "its first line is not"},
        {good.substr(0, second), "its second line is not"},
        {good.substr(0, second) + "key: AAAA\n" + good.substr(third), "its second line is not"},
        {good.substr(0, third), "its third line is not"},
        {good.substr(0, third) + "signature: AAAA\n", "its third line is not"},
        {good.substr(0, good.size() - 5), "its third line is not"},
        {good + "\n", "more than three lines"},
        {std::string(2000, 'k'), "is larger than 1024 bytes"},
        {std::string(300, '\0'), "its first line is not"}};
    for (const auto& [text, cause] : causes) {
        folder_.write("good.so.sig", text);
        EXPECT_THAT(refusal(lenient()), HasSubstr(cause)) << text;
        EXPECT_THAT(refusal(strict()), StartsWith("its signature good.so.sig "));
    }
    folder_.write("good.so.sig", good.substr(0, good.size() - 1));
    EXPECT_EQ(load(strict()).state, "serving") << "a last line without its end does no harm";
}

TEST_F(SignatureTest, WhatIsNoFileIsNoSignature) {
    const std::string beside = folder_.plugins() + "/good.so.sig";
    ASSERT_EQ(::mkfifo(beside.c_str(), 0600), 0);
    EXPECT_EQ(refusal(lenient()), "its signature good.so.sig is not a regular file");
    std::filesystem::remove(beside);
    std::filesystem::create_directory(beside);
    EXPECT_EQ(refusal(lenient()), "its signature good.so.sig is not a regular file");
}

TEST_F(SignatureTest, ItIsReadAgainForEveryGeneration) {
    CatalogueOptions options;
    options.directory = folder_.plugins();
    options.staging = folder_.staging();
    options.signatures = strict();
    const auto catalogue = make_catalogue(std::move(options));
    sign(kOurs);
    ASSERT_TRUE(catalogue->load("good.so"));
    sign(kTheirs);
    EXPECT_FALSE(catalogue->load("good.so"));
    sign(kOurs);
    const auto again = catalogue->load("good.so");
    ASSERT_TRUE(again) << again.error().context;
    EXPECT_EQ((*again)->origin().signed_by(), fingerprint(kOurs.key()));
}

}  // namespace
}  // namespace trunkline::plugins
