#include "host/plugins/loader.hpp"

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <unistd.h>

#include "host/base/assert.hpp"
#include "host/base/base64.hpp"
#include "host/plugins/guard.hpp"
#include "host/plugins/host_table.hpp"
#include "host/plugins/library.hpp"
#include "host/plugins/notes.hpp"
#include "host/plugins/refused.hpp"
#include "host/plugins/trial.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::plugins {
namespace {

constexpr std::string_view kCasesSection = ".trunkline.golden";
constexpr std::size_t kCasesBytesMax = 16U << 20U;

std::string_view text_of(tl_view view) {
    return view.data == nullptr ? std::string_view{} : std::string_view{view.data, view.size};
}

std::string label_of(const Manifest& manifest, std::uint64_t number) {
    return manifest.id.text() + "@" + manifest.version + "#" + std::to_string(number);
}

/// What a generation is wherever its code runs: its facts, and the host as its instances see it.
class HostedGeneration : public Generation {
public:
    HostedGeneration(const Candidate& from, std::size_t loops, LogSink sink)
        : manifest_{from.manifest()},
          origin_{from.origin()},
          number_{from.number()},
          label_{label_of(manifest_, number_)},
          sink_{std::move(sink)} {
        for (std::size_t i = 0; i < std::max<std::size_t>(loops, 1); ++i) {
            hosts_.push_back(std::make_unique<HostTable>(label_, sink_, metrics_));
        }
    }

    const Manifest& manifest() const noexcept override { return manifest_; }
    const Origin& origin() const noexcept override { return origin_; }
    std::uint64_t number() const noexcept override { return number_; }
    const tl_host& host_for(std::size_t loop) const noexcept override {
        return hosts_[loop % hosts_.size()]->table();
    }
    std::string label() const override { return label_; }
    std::vector<Metric> metrics() const override { return metrics_.read(); }

protected:
    Manifest manifest_;
    Origin origin_;
    std::uint64_t number_;
    std::string label_;
    LogSink sink_;
    MetricsTable metrics_;
    std::vector<std::unique_ptr<HostTable>> hosts_;
};

/// A staged library that children load. None of its code runs in the host.
class StagedGeneration final : public HostedGeneration {
public:
    using HostedGeneration::HostedGeneration;
    ~StagedGeneration() override { ::unlink(origin_.staged.c_str()); }

    Isolation isolation() const noexcept override { return Isolation::process; }
    const tl_plugin& table() const noexcept override {
        TRUNKLINE_ASSERT(isolation() == Isolation::none);
        std::abort();
    }
    std::uint32_t state_schema() const noexcept override { return origin_.state_schema; }
    std::string library() const override { return origin_.staged; }
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

/// The staged copy by the signature that lies beside the deployed file.
Result<SignedBy> judge_staged(
    const std::string& staged, const std::string& file, const SignaturePolicy& policy
) {
    auto bytes = MappedFile::open(staged);
    if (!bytes) return bytes.error();
    return judge_signature(
        file, {reinterpret_cast<const char*>(bytes->data()), bytes->size()}, policy
    );
}

}  // namespace

Result<std::unique_ptr<Loader>> Loader::make(CatalogueOptions options) {
    auto staging = Staging::open(options.staging);
    if (!staging) return staging.error();
    return std::unique_ptr<Loader>{new Loader{std::move(options), *std::move(staging)}};
}

Staged Loader::stage(const std::string& file) {
    Staged out;
    const auto fail = [&](Error error) {
        out.error = std::move(error);
        return std::move(out);
    };
    const std::string name = std::filesystem::path{file}.stem().string();
    if (!is_connector_id(name))
        return fail(refused("the file name is not a connector id ([a-z][a-z0-9_]{1,31}.so)"));
    const std::uint64_t number = ++numbers_[name];
    auto staged = staging_.copy(file, name, number, options_.file_bytes_max);
    if (!staged) return fail(staged.error());
    // From the staged copy, so that what was judged is what gets mapped.
    Origin origin;
    origin.file = file;
    origin.staged = *staged;
    std::string written;
    auto manifest = [&]() -> Result<Manifest> {
        auto bytes = MappedFile::open(*staged);
        if (!bytes) return bytes.error();
        const std::span<const std::uint8_t> all{bytes->data(), bytes->size()};
        auto note = read_elf_note(all);
        if (!note) return note.error();
        out.manifest.abi_major = note->abi_major;
        out.manifest.abi_minor_min = note->abi_minor;
        written = note->manifest;
        origin.state_schema = note->state_schema;
        origin.digest =
            hex_encode(seal::sha256({reinterpret_cast<const char*>(bytes->data()), bytes->size()}));
        const std::string_view cases = read_elf_section(all, kCasesSection);
        if (cases.size() > kCasesBytesMax)
            return refused("its golden cases are larger than " + std::to_string(kCasesBytesMax));
        origin.cases = cases;
        return judge_note(*note, file);
    }();
    if (manifest) {
        out.manifest = *manifest;
        if (auto fits = check_abi(*manifest); !fits) manifest = fits.error();
    }
    if (manifest) {
        auto signature = judge_staged(*staged, file, options_.signatures);
        if (signature)
            origin.signature = *std::move(signature);
        else
            manifest = signature.error();
    }
    Candidate candidate{out.manifest, std::move(written), std::move(origin), number};
    if (!manifest) return fail(manifest.error());
    out.candidate.emplace(std::move(candidate));
    return out;
}

Result<void> Loader::try_out(const Candidate& candidate) const {
    if (options_.runner.empty()) return {};
    TrialOptions options;
    options.runner = options_.runner;
    options.unwanted = options_.stopping;
    const Origin& origin = candidate.origin();
    const TrialResult result = run_trial(options, origin.staged, origin.cases);
    if (result.failure) return refused("in its trial: " + *result.failure);
    if (auto wrong = judge_golden(origin.cases, result)) return refused("in its trial: " + *wrong);
    return {};
}

bool Loader::runs_in_child(const Candidate& candidate) const {
    const auto said = options_.isolated.find(candidate.manifest().id.text());
    if (said != options_.isolated.end()) return said->second;
    return !options_.signatures.trusted_keys.empty() && !candidate.origin().signature.trusted;
}

Result<std::shared_ptr<Generation>> Loader::map(Candidate candidate) const {
    if (runs_in_child(candidate)) {
        candidate.keep_copy();  // the generation removes it
        return std::shared_ptr<Generation>{
            std::make_shared<StagedGeneration>(candidate, options_.loops, options_.log)};
    }
    auto library = Library::open(
        candidate.origin().staged, label_of(candidate.manifest(), candidate.number())
    );
    candidate.keep_copy();  // the library has taken it over, also when it could not be opened
    if (!library) return library.error();
    auto generation = std::make_shared<MappedGeneration>(candidate, options_.loops, options_.log);
    auto negotiated = generation->negotiate(*std::move(library), candidate.written());
    if (!negotiated) return negotiated.error();
    auto checked = generation->self_check();
    if (!checked) return checked.error();
    return std::shared_ptr<Generation>{std::move(generation)};
}

Candidate::Candidate(Candidate&& other) noexcept
    : manifest_{std::move(other.manifest_)},
      written_{std::move(other.written_)},
      origin_{std::move(other.origin_)},
      number_{other.number_},
      owned_{std::exchange(other.owned_, false)} {}

Candidate::~Candidate() {
    if (owned_) ::unlink(origin_.staged.c_str());
}

}  // namespace trunkline::plugins
