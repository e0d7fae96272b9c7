#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <trunkline/abi.h>

#include "check.hpp"

/// Connectors as a host loads them: from a private copy, with every symbol bound at once.
namespace trunkline::conform {

/// One mapped copy of a library. Each has its own statics, whatever was loaded before.
class Library {
public:
    /// Throws std::runtime_error with the loader's own words.
    Library(const Subject& subject, std::string_view image);
    explicit Library(const Subject& subject) : Library{subject, subject.image} {}
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    ~Library() { close(); }

    using Entry = const tl_plugin* (*)(std::uint32_t, std::uint32_t);
    Entry entry() const noexcept { return entry_; }

    /// The connector's table. Throws std::runtime_error when it hands out none for this border.
    const tl_plugin& plugin() const;

    /// Unloads; true when it is really gone, which dlclose() does not tell.
    bool close() noexcept;

private:
    std::filesystem::path path_;
    void* handle_ = nullptr;
    Entry entry_ = nullptr;
};

}  // namespace trunkline::conform
