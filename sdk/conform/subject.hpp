#pragma once

#include "check.hpp"
#include "options.hpp"
#include "skips.hpp"

namespace trunkline::conform {

/// Reads the connector, its cases and what else the options name; nothing of it is run. Throws
/// std::runtime_error naming what cannot be read.
Subject subject_of(const Options& options, const Exceptions& exceptions);

/// Where conform.json of these options would lie.
std::filesystem::path exceptions_file(const Options& options);

/// Transcripts of all cases in one text: what a fresh process hands to the one that asked it.
std::string transcripts_of(const Subject& subject);

/// --update: writes what comes out of each golden case into its folder. Returns a line for each
/// case that changed; throws when a case cannot be run or breaks the border's rules.
std::vector<std::string> update(const Subject& subject);

}  // namespace trunkline::conform
