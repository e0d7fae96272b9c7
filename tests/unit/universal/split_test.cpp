// Long texts become pieces that fit, lose nothing but blanks at the cuts, and keep their spans.

#include "host/universal/split.hpp"

#include <random>

#include <gtest/gtest.h>

#include "host/universal/unicode.hpp"
#include "random_event.hpp"

namespace trunkline::universal {
namespace {

Span span(const char* type, std::uint32_t offset, std::uint32_t length, const char* url = "") {
    Span out;
    out.set_type(type);
    out.set_offset(offset);
    out.set_length(length);
    out.set_url(url);
    return out;
}

std::vector<std::string> texts(
    const std::string& text, std::uint64_t max, TextUnit unit = TextUnit::code_points
) {
    std::vector<std::string> out;
    for (const Styled& piece : split({text, {}}, {.first = max, .rest = max, .unit = unit}))
        out.push_back(piece.text);
    return out;
}

using Texts = std::vector<std::string>;

TEST(SplitTest, LeavesAloneWhatFits) {
    EXPECT_EQ(texts(" exactly ", 9), Texts({" exactly "}));
    EXPECT_EQ(texts("", 9), Texts({""}));
}

TEST(SplitTest, PrefersParagraphThenLineThenWord) {
    EXPECT_EQ(
        texts("one two\n\nthree four\nfive six", 16), Texts({"one two", "three four", "five six"})
    );
    EXPECT_EQ(texts("aaaa bbbb\ncccc dddd", 16), Texts({"aaaa bbbb", "cccc dddd"}))
        << "a line before a later word";
    EXPECT_EQ(texts("a\n\nbbbb bbbb bbbb bbbb", 16), Texts({"a\n\nbbbb bbbb", "bbbb bbbb"}))
        << "but not far too early";
    EXPECT_EQ(texts("aaaa bbbb cccc", 9), Texts({"aaaa bbbb", "cccc"}))
        << "the blank itself need not fit";
    EXPECT_EQ(texts("aaaa \n \n  bbbb", 9), Texts({"aaaa", "bbbb"})) << "blanks at a cut vanish";
}

TEST(SplitTest, CutsAWordOnlyWhenItMust) {
    EXPECT_EQ(texts("abcdefghij", 4), Texts({"abcd", "efgh", "ij"}));
    EXPECT_EQ(
        texts("see https://example.com/a-long-one", 31),
        Texts({"see", "https://example.com/a-long-one"})
    );
    EXPECT_EQ(texts("漢字漢字漢字", 4), Texts({"漢字漢字", "漢字"})) << "written without blanks";
    EXPECT_EQ(texts("好 漢字漢字漢字", 6), Texts({"好 漢字漢字", "漢字"}));
}

TEST(SplitTest, CountsInTheMessengersUnit) {
    EXPECT_EQ(texts("👋👋👋", 4, TextUnit::code_points), Texts({"👋👋👋"}));
    EXPECT_EQ(texts("👋👋👋", 4, TextUnit::utf16), Texts({"👋👋", "👋"}));
    EXPECT_EQ(texts("👋👋👋", 5, TextUnit::utf16), Texts({"👋👋", "👋"}))
        << "never half a surrogate pair";
    EXPECT_EQ(texts("ПП", 3, TextUnit::bytes), Texts({"П", "П"})) << "never half a character";
}

TEST(SplitTest, NeverCutsWhatPeopleSeeAsOne) {
    EXPECT_EQ(
        texts("👩‍👩‍👧👩‍👩‍👧", 9),
        Texts({"👩‍👩‍👧", "👩‍👩‍👧"})
    ) << "five code points each";
    EXPECT_EQ(
        texts(
            "e\xCC\x81"
            "e\xCC\x81"
            "e\xCC\x81",
            3
        ),
        Texts({"e\xCC\x81", "e\xCC\x81", "e\xCC\x81"})
    );
    EXPECT_EQ(texts("🇩🇪🇫🇷", 3), Texts({"🇩🇪", "🇫🇷"}));
    EXPECT_EQ(texts("👋🏽👋🏽", 3), Texts({"👋🏽", "👋🏽"}));
    EXPECT_EQ(texts("👩‍👩‍👧", 2), Texts({"👩‍", "👩‍", "👧"}))
        << "unless it alone is too long";
}

TEST(SplitTest, SpansGoWithTheirText) {
    // "bold" over "two three", cut between them.
    const Styled styled{
        "👋 one two three four", {span("bold", 6, 9), span("italic", 0, 1), span("code", 16, 4)}};
    const auto pieces = split(styled, {.first = 10, .rest = 99, .unit = TextUnit::code_points});
    ASSERT_EQ(pieces.size(), 2u);
    EXPECT_EQ(pieces[0].text, "👋 one");
    ASSERT_EQ(pieces[0].spans.size(), 1u);
    EXPECT_EQ(pieces[0].spans[0].type(), "italic");
    EXPECT_EQ(pieces[1].text, "two three four");
    ASSERT_EQ(pieces[1].spans.size(), 2u);
    EXPECT_EQ(pieces[1].spans[0].offset(), 0u);
    EXPECT_EQ(pieces[1].spans[0].length(), 9u);
    EXPECT_EQ(pieces[1].spans[1].offset(), 10u);
    EXPECT_EQ(pieces[1].spans[1].length(), 4u);
}

TEST(SplitTest, ASpanThatIsTooLongGoesOnInTheNextPiece) {
    const Styled styled{"aaaa bbbb cccc", {span("bold", 0, 14)}};
    const auto pieces = split(styled, {.first = 6, .rest = 6, .unit = TextUnit::code_points});
    ASSERT_EQ(pieces.size(), 3u);
    for (const Styled& piece : pieces) {
        ASSERT_EQ(piece.spans.size(), 1u);
        EXPECT_EQ(piece.spans[0].offset(), 0u);
        EXPECT_EQ(piece.spans[0].length(), 4u) << "without the blank at the cut";
    }
}

TEST(SplitTest, ALinkIsCutLastOfAll) {
    const Styled styled{"aaaaaaaaaa our big shop", {span("link", 11, 12, "https://example.com")}};
    const auto pieces = split(styled, {.first = 18, .rest = 18, .unit = TextUnit::code_points});
    ASSERT_EQ(pieces.size(), 2u);
    EXPECT_EQ(pieces[0].text, "aaaaaaaaaa");
    EXPECT_EQ(pieces[1].text, "our big shop");
    EXPECT_EQ(pieces[1].spans[0].length(), 12u);
}

// The properties themselves, over texts of every shape.
TEST(SplitTest, LosesNothingButBlanks) {
    const auto squeezed = [](std::string text) {
        std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
        return text;
    };
    std::mt19937 random{11};
    for (unsigned seed = 0; seed < 2000; ++seed) {
        RandomEvents events{seed};
        Styled styled{events.text(200), {}};
        const auto length = static_cast<std::uint32_t>(count_code_points(styled.text));
        for (int i = 0; i < 4 && length > 0; ++i) {
            const auto offset = static_cast<std::uint32_t>(random() % length);
            styled.spans.push_back(
                span("bold", offset, 1 + static_cast<std::uint32_t>(random() % (length - offset)))
            );
        }
        const auto unit = static_cast<TextUnit>(random() % 3);
        const SplitLimits limits{
            .first = 16 + random() % 40, .rest = 16 + random() % 40, .unit = unit};

        const auto pieces = split(styled, limits);

        std::string all;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            const std::uint64_t max = i == 0 ? limits.first : limits.rest;
            ASSERT_LE(count_units(pieces[i].text, unit), max) << "seed " << seed;
            ASSERT_TRUE(!pieces[i].text.empty() || styled.text.empty()) << "seed " << seed;
            all += pieces[i].text;
            const auto own = count_code_points(pieces[i].text);
            for (const Span& one : pieces[i].spans) {
                ASSERT_GT(one.length(), 0u);
                ASSERT_LE(std::size_t{one.offset()} + one.length(), own) << "seed " << seed;
            }
        }
        ASSERT_EQ(squeezed(all), squeezed(styled.text)) << "seed " << seed;
    }
}

TEST(KeepSpansTest, LeavesAnAddressBehindItsText) {
    Styled styled{
        "Our 👋shop and site",
        {span("link", 4, 5, "https://example.com/shop"),
         span("bold", 0, 18),
         span("link", 14, 4, "https://site.example")}};
    const auto dropped = keep_spans(styled, {"bold"});
    EXPECT_EQ(dropped, (std::set<std::string>{"link"}));
    EXPECT_EQ(styled.text, "Our 👋shop (https://example.com/shop) and site (https://site.example)");
    ASSERT_EQ(styled.spans.size(), 1u);
    EXPECT_EQ(styled.spans[0].offset(), 0u);
    EXPECT_EQ(styled.spans[0].length(), 45u)
        << "it went over the first address and ends before the second";
}

TEST(KeepSpansTest, MovesWhatFollows) {
    Styled styled{
        "shop now", {span("link", 0, 4, "http://x.y"), span("bold", 5, 3), span("italic", 4, 1)}};
    keep_spans(styled, {"bold", "italic"});
    EXPECT_EQ(styled.text, "shop (http://x.y) now");
    EXPECT_EQ(styled.spans[0].offset(), 18u);
    EXPECT_EQ(styled.spans[1].offset(), 17u) << "what begins at the insertion comes behind it";
    EXPECT_EQ(styled.spans[1].length(), 1u);
}

TEST(KeepSpansTest, SaysNoAddressTwice) {
    for (const char* url :
         {"https://example.com",
          "http://example.com",
          "https://example.com/",
          "mailto:example.com",
          "example.com"}) {
        Styled styled{"go example.com", {span("link", 3, 11, url)}};
        keep_spans(styled, {});
        EXPECT_EQ(styled.text, "go example.com") << url;
    }
}

}  // namespace
}  // namespace trunkline::universal
