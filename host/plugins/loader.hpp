#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "host/plugins/generation.hpp"
#include "host/plugins/staging.hpp"

namespace trunkline::plugins {

/// A generation, or why there is none; the manifest as far as it could be read.
struct Loaded {
    std::shared_ptr<Generation> generation;
    Manifest manifest;
    std::optional<Error> error;
    SignedBy signature;
};

/// Turns files into generations: stage, read the note, check the signature, map, negotiate,
/// self-check, in this order. Control thread only.
class Loader {
public:
    static Result<std::unique_ptr<Loader>> make(CatalogueOptions options);

    Loaded load(const std::string& file);

private:
    Loader(CatalogueOptions options, Staging staging)
        : options_{std::move(options)}, staging_{std::move(staging)} {}

    Result<std::shared_ptr<Generation>> map(
        std::string staged,
        const Manifest& manifest,
        const std::string& written,
        std::uint64_t number,
        const SignedBy& signature
    );

    CatalogueOptions options_;
    Staging staging_;
    std::map<std::string, std::uint64_t>
        numbers_;  ///< last generation of each file name, never reused
};

}  // namespace trunkline::plugins
