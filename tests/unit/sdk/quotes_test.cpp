// Code in the documents for authors is quoted from files that are compiled. This keeps it so.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream stream{file};
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

/// Checks the quotes of one page; returns how many there are. Blocks without a source are counted
/// as faults.
int check_page(const fs::path& page) {
    const std::string text = text_of(page);
    const std::string fence = "```", mark = "<!-- quote: ";
    int quotes = 0;
    std::size_t from = 0;
    for (auto open = text.find(fence); open != text.npos; open = text.find(fence, from)) {
        const auto body = text.find('\n', open) + 1;
        const auto close = text.find(fence, body);
        if (close == text.npos) {
            ADD_FAILURE() << page << ": a block is not closed";
            return quotes;
        }
        from = close + fence.size();
        const auto line = text.rfind('\n', open - 2) + 1;
        const std::string source = text.substr(line, open - line);
        if (!source.starts_with(mark)) {
            ADD_FAILURE() << page << ": a block names no source: " << text.substr(body, 60);
            continue;
        }
        const std::string file = source.substr(mark.size(), source.find(" -->") - mark.size());
        const std::string code = text_of(fs::path{TRUNKLINE_ROOT} / file);
        EXPECT_FALSE(code.empty()) << page << ": " << file << " is not there";
        EXPECT_NE(code.find(text.substr(body, close - body)), code.npos)
            << page << ": not in " << file << ":\n"
            << text.substr(body, close - body);
        ++quotes;
    }
    return quotes;
}

TEST(Documents, CodeForAuthorsIsQuotedFromCompiledFiles) {
    int quotes = 0;
    for (const auto& entry :
         fs::recursive_directory_iterator{fs::path{TRUNKLINE_ROOT} / "docs/connectors"}) {
        if (entry.path().extension() == ".md" && entry.path().filename() != "features.md")
            quotes += check_page(entry.path());
    }
    EXPECT_GT(quotes, 10);
}

TEST(Documents, LinksBetweenThemLead) {
    for (const auto& entry :
         fs::recursive_directory_iterator{fs::path{TRUNKLINE_ROOT} / "docs/connectors"}) {
        if (entry.path().extension() != ".md") continue;
        const std::string text = text_of(entry.path());
        for (auto at = text.find("]("); at != text.npos; at = text.find("](", at + 2)) {
            const std::string link = text.substr(at + 2, text.find(')', at) - at - 2);
            if (link.find("://") != link.npos || link.empty() || link[0] == '#') continue;
            EXPECT_TRUE(fs::exists(entry.path().parent_path() / link.substr(0, link.find('#'))))
                << entry.path() << ": " << link;
        }
    }
}

}  // namespace
