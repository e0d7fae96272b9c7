#include "host/plugins/loader.hpp"

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <unistd.h>

#include "host/base/assert.hpp"
#include "host/plugins/guard.hpp"
#include "host/plugins/host_table.hpp"
#include "host/plugins/library.hpp"
#include "host/plugins/notes.hpp"

namespace trunkline::plugins {
namespace {

Error refused(std::string why) {
    return Error{Fault::malformed, std::move(why)};
}

std::string_view text_of(tl_view view) {
    return view.data == nullptr ? std::string_view{} : std::string_view{view.data, view.size};
}

std::string label_of(const Manifest& manifest, std::uint64_t number) {
    return manifest.id.text() + "@" + manifest.version + "#" + std::to_string(number);
}

/// What a generation is wherever its code runs: its facts, and the host as its instances see it.
class HostedGeneration : public Generation {
public:
    HostedGeneration(Manifest manifest, std::uint64_t number, std::size_t loops, LogSink sink)
        : manifest_{std::move(manifest)},
          number_{number},
          label_{label_of(manifest_, number)},
          sink_{std::move(sink)} {
        for (std::size_t i = 0; i < std::max<std::size_t>(loops, 1); ++i) {
            hosts_.push_back(std::make_unique<HostTable>(label_, sink_, metrics_));
        }
    }

    const Manifest& manifest() const noexcept override { return manifest_; }
    std::uint64_t number() const noexcept override { return number_; }
    const tl_host& host_for(std::size_t loop) const noexcept override {
        return hosts_[loop % hosts_.size()]->table();
    }
    std::string label() const override { return label_; }
    std::vector<Metric> metrics() const override { return metrics_.read(); }

protected:
    Manifest manifest_;
    std::uint64_t number_;
    std::string label_;
    LogSink sink_;
    MetricsTable metrics_;
    std::vector<std::unique_ptr<HostTable>> hosts_;
};

/// A staged library that children load. None of its code runs in the host.
class StagedGeneration final : public HostedGeneration {
public:
    StagedGeneration(
        std::string staged,
        std::uint32_t state_schema,
        Manifest manifest,
        std::uint64_t number,
        const CatalogueOptions& options
    )
        : HostedGeneration{std::move(manifest), number, options.loops, options.log},
          staged_{std::move(staged)},
          state_schema_{state_schema} {}
    ~StagedGeneration() override { ::unlink(staged_.c_str()); }

    Isolation isolation() const noexcept override { return Isolation::process; }
    const tl_plugin& table() const noexcept override {
        TRUNKLINE_ASSERT(isolation() == Isolation::none);
        std::abort();
    }
    std::uint32_t state_schema() const noexcept override { return state_schema_; }
    std::string library() const override { return staged_; }

private:
    std::string staged_;
    std::uint32_t state_schema_;
};

/// A mapped, checked library.
class MappedGeneration final : public HostedGeneration {
public:
    using HostedGeneration::HostedGeneration;

    const tl_plugin& table() const noexcept override { return *table_; }

    /// Asks the library for its table and checks that it is what the note promised.
    Result<void> negotiate(std::unique_ptr<Library> library, std::string_view manifest) {
        library_ = std::move(library);
        const auto entry = library_->entry();
        if (entry == nullptr) return refused("does not export tl_connector_entry");
        const auto called = guarded(entry, TL_ABI_MAJOR, TL_ABI_MINOR);
        if (!called.escaped.empty()) return refused("its entry threw: " + called.escaped);
        table_ = called.value;
        if (table_ == nullptr) {
            return refused(
                "refuses this host: it was made for ABI " +
                abi_text(manifest_.abi_major, manifest_.abi_minor_min) + ", this host has " +
                abi_text(TL_ABI_MAJOR, TL_ABI_MINOR)
            );
        }
        return check_table(manifest);
    }

    Result<void> self_check() {
        if (!TL_HAS(table_, tl_plugin, self_check)) return {};
        tl_status (*check)(const tl_host*) = table_->self_check;
        const auto called = guarded(check, &hosts_.front()->table());
        if (!called.escaped.empty()) return refused("its self-check threw: " + called.escaped);
        if (called.value != TL_OK)
            return refused(std::string{"its self-check failed: "} + name_of(code_of(called.value)));
        return {};
    }

private:
    Result<void> check_table(std::string_view manifest) const {
        constexpr std::size_t kLeast = offsetof(tl_plugin, manifest) + sizeof(tl_view);
        if (table_->size < kLeast || table_->size > 64U * 1024U)
            return refused("its table has an implausible size");
        if (table_->abi_major != TL_ABI_MAJOR || table_->abi_minor > TL_ABI_MINOR) {
            return refused(
                "needs ABI " + abi_text(table_->abi_major, table_->abi_minor) + ", this host has " +
                abi_text(TL_ABI_MAJOR, TL_ABI_MINOR)
            );
        }
        if (!TL_HAS(table_, tl_plugin, create) || !TL_HAS(table_, tl_plugin, destroy) ||
            !TL_HAS(table_, tl_plugin, handle)) {
            return refused("its table lacks create, destroy or handle");
        }
        if (text_of(table_->id) != manifest_.id.text() ||
            text_of(table_->version) != manifest_.version) {
            return refused("its table names another connector or version than its note");
        }
        if (text_of(table_->manifest) != manifest)
            return refused("its table has another manifest than its note");
        return {};
    }

    std::unique_ptr<Library> library_;  ///< goes before what it may still log to
    const tl_plugin* table_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<Loader>> Loader::make(CatalogueOptions options) {
    auto staging = Staging::open(options.staging);
    if (!staging) return staging.error();
    return std::unique_ptr<Loader>{new Loader{std::move(options), *std::move(staging)}};
}

Loaded Loader::load(const std::string& file) {
    Loaded loaded;
    const auto fail = [&](Error error) {
        loaded.error = std::move(error);
        return std::move(loaded);
    };
    const std::string name = std::filesystem::path{file}.stem().string();
    if (!is_connector_id(name))
        return fail(refused("the file name is not a connector id ([a-z][a-z0-9_]{1,31}.so)"));
    const std::uint64_t number = ++numbers_[name];
    auto staged = staging_.copy(file, name, number, options_.file_bytes_max);
    if (!staged) return fail(staged.error());
    // From the staged copy, so that what was judged is what gets mapped.
    std::string written;
    std::uint32_t state_schema = 0;
    auto manifest = [&]() -> Result<Manifest> {
        auto bytes = MappedFile::open(*staged);
        if (!bytes) return bytes.error();
        auto note = read_elf_note({bytes->data(), bytes->size()});
        if (!note) return note.error();
        loaded.manifest.abi_major = note->abi_major;
        loaded.manifest.abi_minor_min = note->abi_minor;
        written = note->manifest;
        state_schema = note->state_schema;
        return judge_note(*note, file);
    }();
    if (manifest) {
        loaded.manifest = *manifest;
        if (auto fits = check_abi(*manifest); !fits) manifest = fits.error();
    }
    if (!manifest) {
        ::unlink(staged->c_str());
        return fail(manifest.error());
    }
    if (options_.isolated.contains(name)) {
        loaded.generation = std::make_shared<StagedGeneration>(
            *std::move(staged), state_schema, *manifest, number, options_
        );
        return loaded;
    }
    auto generation = map(*std::move(staged), *manifest, written, number);
    if (!generation) return fail(generation.error());
    loaded.generation = *std::move(generation);
    return loaded;
}

Result<std::shared_ptr<Generation>> Loader::map(
    std::string staged, const Manifest& manifest, const std::string& written, std::uint64_t number
) {
    auto library = Library::open(std::move(staged), label_of(manifest, number));
    if (!library) return library.error();
    auto generation =
        std::make_shared<MappedGeneration>(manifest, number, options_.loops, options_.log);
    auto negotiated = generation->negotiate(*std::move(library), written);
    if (!negotiated) return negotiated.error();
    auto checked = generation->self_check();
    if (!checked) return checked.error();
    return std::shared_ptr<Generation>{std::move(generation)};
}

}  // namespace trunkline::plugins
