#pragma once

#include <string>

#include "host/base/result.hpp"
#include "host/base/secret.hpp"

namespace trunkline {

/// The 32 bytes that encrypt what is stored, from `path`; made with mode 0600 when there is no such
/// file. Fails, naming the file, when it cannot be read, has another length, or is open to others.
Result<Secret> load_store_key(const std::string& path);

}  // namespace trunkline
