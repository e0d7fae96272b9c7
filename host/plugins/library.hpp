#pragma once

#include <memory>
#include <string>

#include <trunkline/abi.h>

#include "host/base/result.hpp"

namespace boost::dll {
class shared_library;
}

namespace trunkline::plugins {

/// A mapped library and its staged file. The destructor unmaps, proves it, and then removes the
/// file; a library that stays mapped is logged as a zombie and its file is kept, because mapped
/// pages need it. Control thread only.
class Library {
public:
    /// Maps `path` with every symbol bound now and visible to nobody else. Runs its constructors.
    /// Takes over the file, also when it fails. Fails with `malformed` and the loader's own words.
    static Result<std::unique_ptr<Library>> open(std::string path, std::string label);
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    using Entry = const tl_plugin* (*)(std::uint32_t, std::uint32_t);
    /// The connector's entry, or null. Without `noexcept`, for the guard.
    Entry entry() const noexcept;

    const std::string& path() const noexcept { return path_; }

private:
    Library(
        std::string path, std::string label, std::unique_ptr<boost::dll::shared_library> library
    );

    std::string path_;
    std::string label_;
    std::unique_ptr<boost::dll::shared_library> library_;
};

/// True while the object at `path` is mapped in this process. `dlclose` answers 0 either way.
/// `[any]`
bool is_mapped(const std::string& path);

}  // namespace trunkline::plugins
