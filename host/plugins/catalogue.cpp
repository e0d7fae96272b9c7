#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>

#include <spdlog/spdlog.h>
#include <trunkline/ext/features.h>

#include "host/plugins/generation.hpp"
#include "host/plugins/guard.hpp"
#include "host/plugins/loader.hpp"
#include "host/plugins/notes.hpp"
#include "host/plugins/remarks.hpp"

namespace trunkline::plugins {
namespace {

namespace fs = std::filesystem;

bool offers_features(const tl_plugin& table) {
    if (!TL_HAS(&table, tl_plugin, extension)) return false;
    const void* (*find)(tl_view) = table.extension;
    constexpr std::string_view kName = TL_EXT_FEATURES;
    const auto called = guarded(find, tl_view{kName.data(), kName.size()});
    return called.escaped.empty() && called.value != nullptr;
}

class FolderCatalogue final : public Catalogue {
public:
    explicit FolderCatalogue(CatalogueOptions options) : options_{std::move(options)} {}

    std::vector<std::string> files() const override {
        std::error_code error;
        std::vector<std::string> files;
        for (const auto& entry : fs::directory_iterator{options_.directory, error}) {
            if (is_connector_file(entry.path().string())) files.push_back(entry.path().string());
        }
        if (error)
            spdlog::error(
                "plugins.unlisted directory={} reason=\"{}\"", options_.directory, error.message()
            );
        std::ranges::sort(files);  // so that two starts judge alike
        if (files.size() > kFilesMax) files.resize(kFilesMax);
        return files;
    }

    Result<Candidate> stage(const std::string& file) override {
        if (!loader_) {
            auto loader = Loader::make(options_);
            if (!loader) return refuse(file, {}, loader.error());
            loader_ = std::move(*loader);
        }
        const fs::path path =
            fs::path{file}.has_parent_path() ? fs::path{file} : fs::path{options_.directory} / file;
        Staged staged = loader_->stage(path.string());
        if (!staged.candidate)
            return refuse(path.string(), std::move(staged.manifest), *std::move(staged.error));
        return *std::move(staged.candidate);
    }

    Error refuse(const Candidate& candidate, Error why) override {
        return refuse(candidate.origin().file, candidate.manifest(), std::move(why));
    }

    Result<void> try_out(const Candidate& candidate) override {
        auto tried = loader_->try_out(candidate);
        if (!tried) return refuse(candidate.origin().file, candidate.manifest(), tried.error());
        return tried;
    }

    Result<std::shared_ptr<Generation>> map(Candidate candidate) override {
        const std::string file = candidate.origin().file;
        Manifest manifest = candidate.manifest();
        auto mapped = loader_->map(std::move(candidate));
        if (!mapped) return refuse(file, std::move(manifest), mapped.error());
        for (const Remark& remark : remarks_on(manifest.json)) {
            spdlog::warn(
                "plugins.manifest connector={} member={} text=\"{}\"",
                (*mapped)->label(),
                remark.member,
                remark.text
            );
        }
        if (const SignedBy& by = (*mapped)->origin().signature;
            !by.fingerprint.empty() && !by.trusted) {
            spdlog::warn(
                "plugins.signature connector={} key={} text=\"not in plugins.trusted_keys, so it "
                "counts as unsigned\"",
                (*mapped)->label(),
                by.fingerprint
            );
        }
        // Of one in a child it is said when the child is there.
        if ((*mapped)->isolation() == Isolation::none && offers_features((*mapped)->table())) {
            spdlog::warn(
                "plugins.extension connector={} name={} text=\"not served in this version\"",
                (*mapped)->label(),
                TL_EXT_FEATURES
            );
        }
        return mapped;
    }

    std::shared_ptr<Generation> adopt(std::shared_ptr<Generation> next) override {
        const Manifest& manifest = next->manifest();
        const std::string id = manifest.id.text();
        PluginInfo info;
        info.id = id;
        info.file = deployed(id);
        info.state = "serving";
        info.manifest = manifest;
        info.generation = next->number();
        info.isolation = next->isolation();
        info.signed_by = next->origin().signed_by();
        spdlog::info(
            "plugins.loaded connector={} file={} signed_by={}",
            next->label(),
            next->origin().file,
            info.signed_by.empty() ? "nobody" : info.signed_by
        );
        const std::lock_guard lock{mutex_};
        infos_[info.file] = std::move(info);
        return std::exchange(current_[manifest.id], std::move(next));
    }

    std::shared_ptr<Generation> withdraw(
        const ConnectorId& id, const std::string& state, const std::string& reason
    ) override {
        spdlog::warn(
            "plugins.withdrawn connector={} state={} reason=\"{}\"", id.text(), state, reason
        );
        const std::lock_guard lock{mutex_};
        PluginInfo& info = infos_[deployed(id.text())];
        info.id = id.text();
        info.file = deployed(id.text());
        info.state = state;
        info.reason = reason;
        info.generation = 0;
        const auto found = current_.find(id);
        if (found == current_.end()) return nullptr;
        auto former = std::move(found->second);
        current_.erase(found);
        return former;
    }

    void remark(const std::string& file, const std::string& reason) override {
        const std::lock_guard lock{mutex_};
        const auto found = infos_.find(file);
        if (found == infos_.end()) return;
        if (reason.empty() && found->second.state == "rejected")
            infos_.erase(found);
        else
            found->second.reason = reason;
    }

    std::shared_ptr<Generation> current(const ConnectorId& id) const override {
        const std::lock_guard lock{mutex_};
        const auto found = current_.find(id);
        return found == current_.end() ? nullptr : found->second;
    }

    std::vector<PluginInfo> list() const override {
        const std::lock_guard lock{mutex_};
        std::vector<PluginInfo> rows;
        for (const auto& [file, info] : infos_)
            rows.push_back(info);
        return rows;
    }

private:
    std::string deployed(const std::string& id) const {
        return (fs::path{options_.directory} / (id + ".so")).string();
    }

    /// Lists what was refused. A generation that serves goes on; people see why the newer file does
    /// not.
    Error refuse(const std::string& file, Manifest manifest, Error why) {
        spdlog::error("plugins.rejected file={} reason=\"{}\"", file, why.context);
        const std::lock_guard lock{mutex_};
        PluginInfo& info = infos_[file];
        info.id = fs::path{file}.stem().string();
        info.file = file;
        info.reason = why.context;
        if (info.state == "serving") return why;
        info.state = "rejected";
        info.manifest = std::move(manifest);
        return why;
    }

    CatalogueOptions options_;
    std::unique_ptr<Loader> loader_;  ///< control thread only
    // Readers come from every loop, writers are rare and only swap pointers, so a lock is the
    // simplest safe thing here.
    mutable std::mutex mutex_;
    std::map<ConnectorId, std::shared_ptr<Generation>> current_;
    std::map<std::string, PluginInfo> infos_;  ///< by file
};

}  // namespace

void Catalogue::load_all() {
    for (const std::string& file : files()) {
        if (auto generation = load(file)) adopt(*std::move(generation));
    }
}

Result<std::shared_ptr<Generation>> Catalogue::load(const std::string& file) {
    auto candidate = stage(file);
    if (!candidate) return candidate.error();
    if (auto tried = try_out(*candidate); !tried) return tried.error();
    return map(*std::move(candidate));
}

std::unique_ptr<Catalogue> make_catalogue(CatalogueOptions options) {
    return std::make_unique<FolderCatalogue>(std::move(options));
}

}  // namespace trunkline::plugins
