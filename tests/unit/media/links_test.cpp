#include "host/media/links.hpp"

#include <gtest/gtest.h>

#include "host/base/base64.hpp"

namespace trunkline::media {
namespace {

const Secret kLinksKey{std::string(32, 'k')};

std::string token_of(const std::string& url) {
    const std::size_t start = url.find("/media/") + 7;
    return url.substr(start, url.find('/', start) - start);
}

TEST(LinksTest, OpensWhatItMade) {
    const Links links{"https://host.example", kLinksKey};
    const std::string url = links.url(
        {AccountId{"acme-telegram"}, "AgACAgIAAxkB", "image/jpeg", 2'000, 1'000}, "Счёт №7.jpg"
    );

    EXPECT_TRUE(url.starts_with("https://host.example/media/")) << url;
    EXPECT_TRUE(url.ends_with(".jpg")) << url;
    const auto link = links.open(token_of(url), 1'999);
    ASSERT_TRUE(link);
    EXPECT_EQ(link->account.text(), "acme-telegram");
    EXPECT_EQ(link->ref, "AgACAgIAAxkB");
    EXPECT_EQ(link->mime, "image/jpeg");
    EXPECT_EQ(link->expires_ms, 2'000);
    EXPECT_EQ(link->dies_ms, 1'000);
}

TEST(LinksTest, ShowsNothingOfWhatItStandsFor) {
    const Links links{"https://host.example", kLinksKey};
    const std::string url =
        links.url({AccountId{"acme-telegram"}, "SECRETREF", "image/jpeg", 2'000, 1'000}, "a.jpg");
    EXPECT_EQ(url.find("SECRETREF"), std::string::npos);
    EXPECT_EQ(url.find("acme-telegram"), std::string::npos);
}

TEST(LinksTest, RefusesWhatIsLateTamperedOrMadeUnderAnotherKey) {
    const Links links{"https://host.example", kLinksKey};
    std::string token = token_of(links.url({AccountId{"a"}, "r", "", 2'000, 0}, "a"));

    EXPECT_FALSE(links.open(token, 2'000)) << "run out";
    EXPECT_FALSE((Links{"https://host.example", Secret{std::string(32, 'x')}}.open(token, 1)));
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string other = token;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(links.open(other, 1)) << i;
    }
    EXPECT_FALSE(links.open("", 1));
    EXPECT_FALSE(links.open(std::string(5'000, 'A'), 1));
}

TEST(LinksTest, OpensLinksOfEarlierVersionsWhichHaveOneTime) {
    const Links links{"https://host.example", kLinksKey};
    const seal::AtRest cipher{
        seal::hkdf_sha256(kLinksKey.reveal(), "trunkline v1 media links", 32)};
    std::string sealed;
    cipher.encrypt("media link v1", std::string_view{"2000\0acme\0image/png\0ref", 23}, sealed);
    const auto link = links.open(base64url_encode(sealed), 1'999);
    ASSERT_TRUE(link);
    EXPECT_EQ(link->account.text(), "acme");
    EXPECT_EQ(link->ref, "ref");
    EXPECT_EQ(link->dies_ms, 0) << "not told";
}

TEST(SafeNameTest, KeepsWhatIsHarmlessAndNeverEndsEmpty) {
    EXPECT_EQ(safe_name("report.pdf", "application/pdf"), "report.pdf");
    EXPECT_EQ(safe_name("../../etc/passwd", ""), "_.._etc_passwd");
    EXPECT_EQ(safe_name("", "image/png"), "file.png");
    EXPECT_EQ(safe_name("фото", "image/jpeg"), "file.jpg");
    EXPECT_EQ(safe_name("a\r\nb\"c", "text/plain"), "a_b_c.txt");
    EXPECT_EQ(safe_name("photo", "image/jpeg; charset=binary"), "photo.jpg");
    EXPECT_EQ(safe_name("photo.JPEG", "image/jpeg"), "photo.JPEG");
    EXPECT_EQ(safe_name("photo.bin", "image/jpeg"), "photo.bin.jpg")
        << "by its name it would be something else";
    EXPECT_EQ(safe_name("v1.2 offer", "application/pdf"), "v1.2_offer.pdf");
    EXPECT_EQ(safe_name("table.csv", "text/plain"), "table.csv");
    EXPECT_EQ(safe_name("backup.tar.gz", "application/gzip"), "backup.tar.gz");
    EXPECT_EQ(safe_name("ends.", "video/mp4"), "ends.mp4");
    EXPECT_EQ(safe_name(std::string(500, 'a'), "image/png").size(), 80u);
    EXPECT_TRUE(safe_name(std::string(500, 'a'), "image/png").ends_with("a.png"));
    EXPECT_LE(safe_name(std::string(500, 'a') + ".zip", "").size(), 80u);
}

}  // namespace
}  // namespace trunkline::media
