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

    void load_all() override {
        std::error_code error;
        std::vector<std::string> files;
        for (const auto& entry : fs::directory_iterator{options_.directory, error}) {
            if (is_connector_file(entry.path().string())) files.push_back(entry.path().string());
        }
        if (error) {
            spdlog::error(
                "plugins.unlisted directory={} reason=\"{}\"", options_.directory, error.message()
            );
            return;
        }
        std::ranges::sort(files);  // so that two starts judge alike
        if (files.size() > kFilesMax) files.resize(kFilesMax);
        for (const std::string& file : files)
            take(file);
    }

    Result<std::shared_ptr<Generation>> load(const std::string& file) override {
        const fs::path path =
            fs::path{file}.is_absolute() ? fs::path{file} : fs::path{options_.directory} / file;
        auto loaded = load_counted(path.string());
        if (!loaded.generation) return *loaded.error;
        return loaded.generation;
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
    Loaded load_counted(const std::string& file) {
        if (!loader_) {
            auto loader = Loader::make(options_);
            if (!loader) return {.generation = nullptr, .manifest = {}, .error = loader.error()};
            loader_ = std::move(*loader);
        }
        Loaded loaded = loader_->load(file);
        if (!loaded.generation) return loaded;
        for (const Remark& remark : remarks_on(loaded.manifest.json)) {
            spdlog::warn(
                "plugins.manifest connector={} member={} text=\"{}\"",
                loaded.generation->label(),
                remark.member,
                remark.text
            );
        }
        // Of one in a child it is said when the child is there.
        if (loaded.generation->isolation() == Isolation::none &&
            offers_features(loaded.generation->table())) {
            spdlog::warn(
                "plugins.extension connector={} name={} text=\"not served in this version\"",
                loaded.generation->label(),
                TL_EXT_FEATURES
            );
        }
        return loaded;
    }

    void take(const std::string& file) {
        Loaded loaded = load_counted(file);
        PluginInfo info;
        info.file = file;
        info.manifest = std::move(loaded.manifest);
        if (loaded.generation) {
            info.state = "serving";
            info.generation = loaded.generation->number();
            info.isolation = loaded.generation->isolation();
            spdlog::info("plugins.loaded connector={} file={}", loaded.generation->label(), file);
        } else {
            info.state = "rejected";
            info.reason = loaded.error->context;
            spdlog::error("plugins.rejected file={} reason=\"{}\"", file, info.reason);
        }
        std::shared_ptr<Generation> former;  // dropped after the lock: its destructor unmaps
        const std::lock_guard lock{mutex_};
        if (loaded.generation)
            former = std::exchange(current_[loaded.generation->manifest().id], loaded.generation);
        infos_[file] = std::move(info);
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

std::unique_ptr<Catalogue> make_catalogue(CatalogueOptions options) {
    return std::make_unique<FolderCatalogue>(std::move(options));
}

}  // namespace trunkline::plugins
