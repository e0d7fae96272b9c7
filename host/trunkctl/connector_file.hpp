#pragma once

#include <string>

#include "host/base/result.hpp"

namespace trunkline::trunkctl {

/// A connector as a file, with what its note says of it.
struct ConnectorFile {
    std::string bytes;
    std::string id, version, manifest;
};

/// Reads one without running any of it; fails when it is none. Blocks.
Result<ConnectorFile> read_connector(const std::string& file);

}  // namespace trunkline::trunkctl
