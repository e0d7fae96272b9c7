#include "library.hpp"

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

namespace trunkline::conform {
namespace {

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

std::string loader_words() {
    const char* const text = dlerror();  // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? "no reason given" : text;
}

}  // namespace

Library::Library(const Subject& subject, std::string_view image) {
    // A path of its own each time: the loader takes an equal path for the same library, whatever
    // lies there by then.
    static std::atomic<unsigned> copies{0};
    path_ = subject.work / (subject.path.stem().string() + "." + std::to_string(getpid()) + "." +
                            std::to_string(copies++) + ".so");
    {
        // Debug information is of use to a debugger only, and would make each copy many times
        // larger.
        const bool whole = subject.in_process || image.data() != subject.image.data();
        std::ofstream file{path_, std::ios::binary};
        file << image.substr(0, whole ? image.size() : subject.elf.image_end);
        if (!file.flush()) throw std::runtime_error{path_.string() + ": cannot be written"};
    }
    handle_ = dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ == nullptr) {
        std::string why = loader_words();
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
        throw std::runtime_error{"it cannot be loaded: " + why};
    }
    entry_ = reinterpret_cast<Entry>(dlsym(handle_, "tl_connector_entry"));
    if (entry_ == nullptr) {
        close();
        throw std::runtime_error{"it has no tl_connector_entry"};
    }
}

const tl_plugin& Library::plugin() const {
    const tl_plugin* const table = entry_(TL_ABI_MAJOR, TL_ABI_MINOR);
    if (table == nullptr) {
        throw std::runtime_error{
            "its entry refuses border " + std::to_string(TL_ABI_MAJOR) + "." +
            std::to_string(TL_ABI_MINOR)};
    }
    return *table;
}

bool Library::close() noexcept {
    if (handle_ == nullptr) return true;
    dlclose(std::exchange(handle_, nullptr));
    const bool gone = !mapped(path_.string());
    std::error_code ignored;
    if (gone) std::filesystem::remove(path_, ignored);
    return gone;
}

}  // namespace trunkline::conform
