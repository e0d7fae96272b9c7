#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "host/plugins/generation.hpp"
#include "host/plugins/staging.hpp"

namespace trunkline::plugins {

/// A candidate, or why there is none; the manifest as far as it could be read.
struct Staged {
    std::optional<Candidate> candidate;
    Manifest manifest;
    std::optional<Error> error;
};

/// Turns files into generations: stage, read the note, check the signature, try in a child, map,
/// negotiate, self-check, in this order. Control thread only.
class Loader {
public:
    static Result<std::unique_ptr<Loader>> make(CatalogueOptions options);

    Staged stage(const std::string& file);
    Result<void> try_out(const Candidate& candidate) const;
    Result<std::shared_ptr<Generation>> map(Candidate candidate) const;

private:
    Loader(CatalogueOptions options, Staging staging)
        : options_{std::move(options)}, staging_{std::move(staging)} {}

    bool runs_in_child(const Candidate& candidate) const;

    CatalogueOptions options_;
    Staging staging_;
    std::map<std::string, std::uint64_t>
        numbers_;  ///< last generation of each file name, never reused
};

}  // namespace trunkline::plugins
