#include "host/plugins/library.hpp"

#include <link.h>
#include <unistd.h>

#ifndef BOOST_DLL_USE_STD_FS
#define BOOST_DLL_USE_STD_FS
#endif
#include <boost/dll/shared_library.hpp>
#include <spdlog/spdlog.h>

namespace trunkline::plugins {
namespace {

constexpr const char* kEntry = "tl_connector_entry";

/// The loader's own words: without Boost's around them, and without the staged path, which means
/// nothing to an operator.
std::string loader_words(std::string text, const std::string& path) {
    constexpr std::string_view kBefore = "dlerror system message: ";
    if (const auto at = text.find(kBefore); at != std::string::npos) {
        text.erase(0, at + kBefore.size());
        if (const auto end = text.rfind("): "); end != std::string::npos) text.erase(end);
    }
    for (auto at = text.find(path); at != std::string::npos; at = text.find(path)) {
        text.erase(at, path.size());
    }
    if (text.starts_with(": ")) text.erase(0, 2);
    return text;
}

}  // namespace

bool is_mapped(const std::string& path) {
    struct Search {
        const std::string& path;
        bool found;
    } search{path, false};
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* context) {
            auto& wanted = *static_cast<Search*>(context);
            wanted.found = wanted.found || wanted.path == info->dlpi_name;
            return wanted.found ? 1 : 0;
        },
        &search
    );
    return search.found;
}

Result<std::unique_ptr<Library>> Library::open(std::string path, std::string label) {
    try {
        // The throwing form, because its text carries dlerror(). Binding now: a missing symbol must
        // show here, not while serving. Local: no connector sees another's symbols.
        auto library = std::make_unique<boost::dll::shared_library>(
            boost::dll::fs::path{path},
            boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local
        );
        return std::unique_ptr<Library>{
            new Library{std::move(path), std::move(label), std::move(library)}};
    } catch (const std::exception& error) {
        ::unlink(path.c_str());
        return Error{Fault::malformed, "cannot be loaded: " + loader_words(error.what(), path)};
    }
}

Library::Library(
    std::string path, std::string label, std::unique_ptr<boost::dll::shared_library> library
)
    : path_{std::move(path)}, label_{std::move(label)}, library_{std::move(library)} {}

Library::~Library() {
    library_.reset();
    if (is_mapped(path_)) {
        spdlog::warn("plugins.zombie connector={} file={}", label_, path_);
        return;
    }
    ::unlink(path_.c_str());
    spdlog::info("plugins.unmapped connector={}", label_);
}

Library::Entry Library::entry() const noexcept {
    try {
        if (!library_->has(kEntry)) return nullptr;
        return &library_->get<const tl_plugin*(std::uint32_t, std::uint32_t)>(kEntry);
    } catch (...) {
        return nullptr;
    }
}

}  // namespace trunkline::plugins
