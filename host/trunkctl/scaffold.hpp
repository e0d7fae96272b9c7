#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/base/result.hpp"

/// `trunkctl plugins new`: a folder in which a connector builds, is tested and runs. Needs no host.
namespace trunkline::trunkctl {

struct NewConnector {
    std::string name;                 ///< the connector's id
    std::string language = "cpp";     ///< a folder of the templates, but not `common`
    std::filesystem::path directory;  ///< to be made; empty: the name, where we are
};

/// The words behind `plugins new`. Fails with one line for people.
Result<NewConnector> read_new_connector(const std::vector<std::string>& words);

/// The templates that were built or installed with `program`: ../share/trunkline/template from it.
std::filesystem::path templates_of(const std::filesystem::path& program);

/// Copies the files that all languages share and those of the language, with the connector's name
/// in the place of the template's. Makes the whole folder or nothing.
Result<std::filesystem::path> scaffold(
    const NewConnector& wanted, const std::filesystem::path& templates
);

}  // namespace trunkline::trunkctl
