// Loads connectors as libraries: what their note says, that they work, and that they really go
// away.
#include <cstring>
#include <filesystem>
#include <thread>

#include <dlfcn.h>
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>
#include <trunkline/note.h>
#include <trunkline/testing.hpp>
#include <unistd.h>

namespace {

using namespace trunkline::testing;
using testing::IsEmpty;
namespace fs = std::filesystem;

bool mapped(const std::string& path) {
    struct Search {
        const std::string& path;
        bool found;
    } search{path, false};
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
            auto& wanted = *static_cast<Search*>(data);
            if (wanted.path == info->dlpi_name) wanted.found = true;
            return 0;
        },
        &search
    );
    return search.found;
}

/// One loaded connector; the handle is closed by hand because closing is what is tested.
struct Library {
    explicit Library(const std::string& path)
        : handle{dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)} {
        if (handle == nullptr) throw std::runtime_error{dlerror()};
        using Entry = decltype(&tl_connector_entry);
        const auto entry = reinterpret_cast<Entry>(dlsym(handle, "tl_connector_entry"));
        plugin = entry(TL_ABI_MAJOR, TL_ABI_MINOR);
        refused = entry(TL_ABI_MAJOR + 1, 0);
    }
    void* handle;
    const tl_plugin* plugin;
    const tl_plugin* refused;
};

/// The descriptor of the note, read from the file alone.
std::string note_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    std::string image{std::istreambuf_iterator<char>{file}, {}};
    Elf64_Ehdr elf;
    std::memcpy(&elf, image.data(), sizeof elf);
    for (unsigned i = 0; i < elf.e_phnum; ++i) {
        Elf64_Phdr segment;
        std::memcpy(&segment, image.data() + elf.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type != PT_NOTE) continue;
        std::string_view notes{image.data() + segment.p_offset, segment.p_filesz};
        while (notes.size() >= sizeof(Elf64_Nhdr)) {
            Elf64_Nhdr head;
            std::memcpy(&head, notes.data(), sizeof head);
            const std::size_t owner = (head.n_namesz + 3U) / 4 * 4,
                              size = (head.n_descsz + 3U) / 4 * 4;
            const std::string_view name = notes.substr(sizeof head, head.n_namesz);
            if (name == std::string_view{TL_NOTE_OWNER, sizeof TL_NOTE_OWNER}) {
                EXPECT_EQ(head.n_type, TL_NOTE_CONNECTOR);
                return std::string{notes.substr(sizeof head + owner, head.n_descsz)};
            }
            notes.remove_prefix(std::min(notes.size(), sizeof head + owner + size));
        }
    }
    return {};
}

class ConnectorLibrary : public testing::TestWithParam<const char*> {};

TEST_P(ConnectorLibrary, NoteSaysWhatTheTableSays) {
    const std::string note = note_of(GetParam());
    ASSERT_GE(note.size(), sizeof(tl_note));
    tl_note fixed;
    std::memcpy(&fixed, note.data(), sizeof fixed);
    ASSERT_EQ(fixed.format, TL_NOTE_FORMAT);
    std::string_view rest = std::string_view{note}.substr(sizeof fixed);
    const auto take = [&](std::uint32_t size) {
        const std::string_view text = rest.substr(0, size);
        rest.remove_prefix(size);
        return text;
    };

    const Library library{GetParam()};
    ASSERT_NE(library.plugin, nullptr);
    EXPECT_EQ(library.refused, nullptr);
    EXPECT_EQ(fixed.abi_major, library.plugin->abi_major);
    EXPECT_EQ(fixed.abi_minor, library.plugin->abi_minor);
    EXPECT_EQ(fixed.state_schema, library.plugin->state_schema);
    EXPECT_EQ(take(fixed.id_size), trunkline::view(library.plugin->id));
    EXPECT_EQ(take(fixed.version_size), trunkline::view(library.plugin->version));
    EXPECT_EQ(take(fixed.title_size), trunkline::view(library.plugin->title));
    const std::string_view manifest = take(fixed.manifest_size);
    EXPECT_EQ(manifest, trunkline::view(library.plugin->manifest));
    EXPECT_TRUE(trunkline::parsed(manifest)) << "the manifest is not JSON";
    EXPECT_TRUE(take(fixed.build_size).starts_with("sdk "));
    EXPECT_EQ(fs::path{GetParam()}.stem().string(), trunkline::view(library.plugin->id));
    dlclose(library.handle);
}

INSTANTIATE_TEST_SUITE_P(Built, ConnectorLibrary, testing::Values(TORTURE_SO, ECHO_SO));

/// Works with a library, leaves a task suspended, and ends.
void use(const std::string& path, const std::vector<Golden>& goldens) {
    const Library library{path};
    ASSERT_TRUE(mapped(path));
    for (const Golden& golden : goldens) {
        const auto run = run_inputs(*library.plugin, golden.account, golden.inputs, 7);
        EXPECT_EQ(run.transcript, golden.expected) << golden.name();
        EXPECT_THAT(run.faults, IsEmpty());
    }
    {
        TestHost host{*library.plugin, goldens.back().account};
        host.feed(Input::command(
            1, "c1", R"({"id":"x","type":"send","message":{"attachments":[{"file":"f"}]}})"
        ));
        EXPECT_TRUE(host.open(1));
    }
    EXPECT_EQ(dlclose(library.handle), 0);
}

TEST(Unload, ConnectorIsUnmappedEveryTime) {
    const auto goldens = load_goldens(TORTURE_TESTDATA);
    const fs::path folder =
        fs::path{testing::TempDir()} / ("trunkline-unload-" + std::to_string(getpid()));
    fs::create_directories(folder);
    for (int i = 0; i < 50; ++i) {
        const std::string path = (folder / ("torture." + std::to_string(i) + ".so")).string();
        fs::copy_file(TORTURE_SO, path);
        // Every other time on a thread that ends: what is bound to a thread must not pin the
        // library.
        if (i % 2 == 0) {
            use(path, goldens);
        } else {
            std::thread{[&] { use(path, goldens); }}.join();
        }
        EXPECT_FALSE(mapped(path)) << "load " << i;
    }
    fs::remove_all(folder);
}

TEST(Unload, TwoGenerationsLiveSideBySide) {
    const auto goldens = load_goldens(TORTURE_TESTDATA);
    const std::string copy =
        testing::TempDir() + "/torture.next." + std::to_string(getpid()) + ".so";
    fs::copy_file(TORTURE_SO, copy, fs::copy_options::overwrite_existing);
    const Library now{TORTURE_SO};
    const Library next{copy};
    ASSERT_NE(now.plugin, next.plugin);
    const Golden& golden = goldens.back();
    EXPECT_EQ(run_inputs(*now.plugin, golden.account, golden.inputs).transcript, golden.expected);
    dlclose(now.handle);
    EXPECT_EQ(run_inputs(*next.plugin, golden.account, golden.inputs).transcript, golden.expected);
    dlclose(next.handle);
    EXPECT_FALSE(mapped(TORTURE_SO));
    EXPECT_FALSE(mapped(copy));
    fs::remove(copy);
}

}  // namespace
