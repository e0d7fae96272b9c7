#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "host/plugins/generation.hpp"
#include "host/plugins/library.hpp"
#include "scratch_folder.hpp"

namespace trunkline::plugins {
namespace {

using ::testing::HasSubstr;

class CatalogueTest : public ::testing::Test {
protected:
    CatalogueOptions options() {
        CatalogueOptions options;
        options.directory = folder_.plugins();
        options.staging = folder_.staging();
        options.loops = 2;
        options.log = [this](const std::string& label, int, std::string_view text) {
            said_.push_back(label + ": " + std::string{text});
        };
        return options;
    }

    /// Deploys `name`, loads the folder, and returns why it was refused.
    std::string refusal(const std::string& name, const std::string& as = "") {
        folder_.deploy(name, as);
        auto catalogue = make_catalogue(options());
        catalogue->load_all();
        const auto rows = catalogue->list();
        if (rows.size() != 1) return "listed " + std::to_string(rows.size());
        EXPECT_EQ(rows.front().state, "rejected");
        EXPECT_EQ(rows.front().generation, 0u);
        EXPECT_TRUE(staged().empty()) << "the copy of a refused file must not stay";
        return rows.front().reason;
    }

    std::vector<std::string> staged() const {
        std::vector<std::string> files;
        for (const auto& entry : std::filesystem::directory_iterator{folder_.staging()}) {
            files.push_back(entry.path().string());
        }
        return files;
    }

    ScratchFolder folder_;
    std::vector<std::string> said_;
};

TEST_F(CatalogueTest, ServesAGoodConnectorFromAPrivateCopy) {
    folder_.deploy("good");
    auto catalogue = make_catalogue(options());
    catalogue->load_all();

    const auto generation = catalogue->current(ConnectorId{"good"});
    ASSERT_NE(generation, nullptr) << catalogue->list().front().reason;
    EXPECT_EQ(generation->number(), 1u);
    EXPECT_EQ(generation->label(), "good@1.2.3#1");
    EXPECT_EQ(generation->manifest().title, "Good");
    EXPECT_TRUE(generation->manifest().json.contains("settings"));
    EXPECT_EQ(generation->table().abi_major, TL_ABI_MAJOR);
    EXPECT_THAT(said_, ::testing::ElementsAre("good@1.2.3#1: checked with a line break"));

    ASSERT_EQ(staged().size(), 1u);
    EXPECT_TRUE(is_mapped(staged().front()));
    EXPECT_FALSE(is_mapped(folder_.plugins() + "/good.so"));
    struct stat facts {};
    ASSERT_EQ(::stat(staged().front().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0500U);
    ASSERT_EQ(::stat(folder_.staging().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0700U);
}

TEST_F(CatalogueTest, TheFolderMayBeSaidFromWhereTheHostStands) {
    folder_.deploy("good");
    CatalogueOptions here = options();
    here.directory = std::filesystem::relative(folder_.plugins()).string();
    ASSERT_FALSE(std::filesystem::path{here.directory}.is_absolute());
    auto catalogue = make_catalogue(here);
    catalogue->load_all();
    ASSERT_NE(catalogue->current(ConnectorId{"good"}), nullptr) << catalogue->list().front().reason;
    EXPECT_TRUE(catalogue->load("good.so")) << "a name alone is one of the folder";
}

TEST_F(CatalogueTest, WhatRunsInAChildIsStagedAndNeverMapped) {
    folder_.deploy("good");
    folder_.deploy("throws_entry");
    CatalogueOptions isolating = options();
    isolating.isolated = {{"good", true}, {"throws_entry", true}};
    auto catalogue = make_catalogue(isolating);
    catalogue->load_all();

    auto generation = catalogue->current(ConnectorId{"good"});
    ASSERT_NE(generation, nullptr) << catalogue->list().front().reason;
    EXPECT_EQ(generation->isolation(), Isolation::process);
    EXPECT_EQ(generation->label(), "good@1.2.3#1");
    EXPECT_EQ(generation->state_schema(), 0u);
    const std::string library = generation->library();
    EXPECT_TRUE(std::filesystem::exists(library));
    EXPECT_FALSE(is_mapped(library));
    EXPECT_TRUE(said_.empty()) << "none of its code ran";
    EXPECT_NE(catalogue->current(ConnectorId{"throws_entry"}), nullptr)
        << "what its code does is found out by the child";
    EXPECT_EQ(catalogue->list().front().isolation, Isolation::process);

    catalogue.reset();
    generation.reset();
    EXPECT_FALSE(std::filesystem::exists(library)) << "the copy goes with its last holder";
}

TEST_F(CatalogueTest, WhatNoTrustedKeySignedRunsInAChildUnlessTheOperatorSaysOtherwise) {
    folder_.deploy("good");
    CatalogueOptions trusting = options();
    trusting.signatures.trusted_keys = {"TTJ1Gtk2ZSFpMcNHC3xk5yCAQDc0BLNbZWzAcBNTcTo="};
    for (const bool told : {false, true}) {
        if (told) trusting.isolated = {{"good", false}};
        auto catalogue = make_catalogue(trusting);
        catalogue->load_all();
        const auto generation = catalogue->current(ConnectorId{"good"});
        ASSERT_NE(generation, nullptr) << catalogue->list().front().reason;
        EXPECT_EQ(generation->isolation(), told ? Isolation::none : Isolation::process);
    }
}

TEST_F(CatalogueTest, UnmapsWhenTheLastHolderLetsGo) {
    folder_.deploy("good");
    auto catalogue = make_catalogue(options());
    catalogue->load_all();
    auto held = catalogue->current(ConnectorId{"good"});
    ASSERT_NE(held, nullptr);
    const std::string path = staged().front();

    catalogue.reset();
    EXPECT_TRUE(is_mapped(path)) << "somebody still holds it";
    held.reset();

    EXPECT_FALSE(is_mapped(path));
    EXPECT_TRUE(staged().empty());
}

TEST_F(CatalogueTest, NoticesALibraryThatStaysMappedAndKeepsItsFile) {
    folder_.deploy("stays_mapped");
    auto catalogue = make_catalogue(options());
    catalogue->load_all();
    ASSERT_NE(catalogue->current(ConnectorId{"stays_mapped"}), nullptr)
        << catalogue->list().front().reason;
    const std::string path = staged().front();

    catalogue.reset();

    EXPECT_TRUE(is_mapped(path)) << "the test connector was meant to be impossible to unload";
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(CatalogueTest, OverwritingTheDeployedFileDoesNotReachWhatRuns) {
    folder_.deploy("good");
    auto catalogue = make_catalogue(options());
    catalogue->load_all();
    const auto first = catalogue->current(ConnectorId{"good"});
    ASSERT_NE(first, nullptr);

    folder_.write("good.so", "");

    EXPECT_EQ(first->table().size, sizeof(tl_plugin));
    EXPECT_FALSE(catalogue->load("good.so"));
    EXPECT_EQ(catalogue->current(ConnectorId{"good"}), first);
}

TEST_F(CatalogueTest, LoadsTheNextGenerationBesideTheFirst) {
    folder_.deploy("good");
    auto catalogue = make_catalogue(options());
    catalogue->load_all();
    const auto first = catalogue->current(ConnectorId{"good"});
    ASSERT_NE(first, nullptr);

    auto next = catalogue->load("good.so");

    ASSERT_TRUE(next) << next.error().context;
    EXPECT_EQ((*next)->number(), 2u);
    EXPECT_NE(&(*next)->table(), &first->table()) << "two mappings, not one handle twice";
    EXPECT_EQ(catalogue->current(ConnectorId{"good"}), first)
        << "the caller decides when it serves";
    EXPECT_EQ(staged().size(), 2u);
}

TEST_F(CatalogueTest, RemovesWhatAnEarlierStartLeftBehind) {
    std::filesystem::create_directory(folder_.staging());
    std::ofstream{folder_.staging() + "/good.01ABC.1.so"} << "left over";
    folder_.deploy("good");
    auto catalogue = make_catalogue(options());

    catalogue->load_all();

    EXPECT_FALSE(std::filesystem::exists(folder_.staging() + "/good.01ABC.1.so"));
    EXPECT_NE(catalogue->current(ConnectorId{"good"}), nullptr);
}

TEST_F(CatalogueTest, ABadNeighbourHurtsNobody) {
    folder_.deploy("good");
    folder_.deploy("throws_entry");
    folder_.write("aaa.so", "not a library");
    folder_.write(".hidden.so", "half written");
    folder_.write("good.so.tmp", "half written");
    auto catalogue = make_catalogue(options());

    catalogue->load_all();

    EXPECT_EQ(catalogue->list().size(), 3u);
    EXPECT_NE(catalogue->current(ConnectorId{"good"}), nullptr);
    EXPECT_EQ(catalogue->current(ConnectorId{"throws_entry"}), nullptr);
}

TEST_F(CatalogueTest, RefusesWithoutNote) {
    EXPECT_THAT(refusal("no_note", "good"), HasSubstr("no .note.trunkline note"));
}
TEST_F(CatalogueTest, RefusesAnotherMajor) {
    EXPECT_EQ(refusal("wrong_major"), "needs ABI 7.0, this host has 1.0");
    EXPECT_TRUE(said_.empty()) << "none of its code may have run";
}
TEST_F(CatalogueTest, RefusesANewerMinor) {
    EXPECT_EQ(refusal("newer_minor"), "needs ABI 1.99, this host has 1.0");
}
TEST_F(CatalogueTest, RefusesATableNewerThanItsNote) {
    EXPECT_EQ(refusal("lying_minor"), "needs ABI 1.99, this host has 1.0");
}
TEST_F(CatalogueTest, RefusesATableWithAnotherId) {
    EXPECT_THAT(refusal("lying_id"), HasSubstr("another connector"));
}
TEST_F(CatalogueTest, RefusesATableWithAnotherManifest) {
    EXPECT_THAT(refusal("lying_manifest"), HasSubstr("another manifest"));
}
TEST_F(CatalogueTest, RefusesAManifestThatIsNoObject) {
    EXPECT_THAT(refusal("bad_manifest"), HasSubstr("not a JSON object"));
}
TEST_F(CatalogueTest, RefusesAnInvalidId) {
    EXPECT_THAT(refusal("bad_id"), HasSubstr("no valid connector id"));
}
TEST_F(CatalogueTest, RefusesWithoutEntry) {
    EXPECT_EQ(refusal("no_entry"), "does not export tl_connector_entry");
}
TEST_F(CatalogueTest, RefusesWithoutHandle) {
    EXPECT_THAT(refusal("no_handle"), HasSubstr("lacks create, destroy or handle"));
}
TEST_F(CatalogueTest, RefusesAnEntryThatRefuses) {
    EXPECT_THAT(refusal("refuses"), HasSubstr("refuses this host"));
}
TEST_F(CatalogueTest, RefusesAMissingSymbolByName) {
    EXPECT_EQ(
        refusal("missing_symbol"),
        "cannot be loaded: undefined symbol: trunkline_nobody_defines_this"
    );
}
TEST_F(CatalogueTest, RefusesAFailedSelfCheck) {
    EXPECT_EQ(refusal("fails_check"), "its self-check failed: BAD_STATE");
}
TEST_F(CatalogueTest, RefusesAThrowingSelfCheck) {
    EXPECT_EQ(refusal("throws_check"), "its self-check threw: the self-check is broken");
}
TEST_F(CatalogueTest, RefusesAThrowingEntry) {
    EXPECT_EQ(refusal("throws_entry"), "its entry threw: the entry is broken");
}
TEST_F(CatalogueTest, RefusesAFileNamedDifferently) {
    EXPECT_EQ(
        refusal("good", "better"), "its connector id is good, so the file must be called good.so"
    );
}

TEST_F(CatalogueTest, RefusesASecondFileWithTheSameId) {
    folder_.deploy("good");
    folder_.deploy("good", "zood");
    auto catalogue = make_catalogue(options());

    catalogue->load_all();

    const auto rows = catalogue->list();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].state, "serving");
    EXPECT_EQ(rows[1].state, "rejected");
    EXPECT_THAT(rows[1].reason, HasSubstr("its connector id is good"));
    EXPECT_EQ(rows[1].manifest.version, "") << "nothing of it may be shown as serving";
}

TEST_F(CatalogueTest, RefusesWhatIsTooLarge) {
    folder_.deploy("good");
    auto limited = options();
    limited.file_bytes_max = 100;
    auto catalogue = make_catalogue(std::move(limited));

    catalogue->load_all();

    EXPECT_EQ(catalogue->list().front().reason, "larger than 100 bytes");
}

TEST_F(CatalogueTest, RefusesWhatIsNoFile) {
    std::filesystem::create_directory(folder_.plugins() + "/folder.so");
    auto catalogue = make_catalogue(options());

    catalogue->load_all();

    EXPECT_EQ(catalogue->list().front().reason, "not a regular file");
}

TEST_F(CatalogueTest, ListsNothingWhenTheFolderIsMissing) {
    auto missing = options();
    missing.directory += "/nowhere";
    auto catalogue = make_catalogue(std::move(missing));

    catalogue->load_all();

    EXPECT_TRUE(catalogue->list().empty());
}

}  // namespace
}  // namespace trunkline::plugins
