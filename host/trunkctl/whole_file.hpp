#pragma once

#include <cstdint>
#include <string>

#include "host/base/result.hpp"

/// Files as wholes. Block.
namespace trunkline::trunkctl {

/// What is wrong with `file`, said to a person.
Error at_file(const std::string& file, const std::string& text);

/// The bytes of a regular file of at most `bytes_max`.
Result<std::string> read_whole(const std::string& file, std::uintmax_t bytes_max);

/// Written under a name that nobody reads, then renamed: others see the former text or this one.
Result<void> replace_whole(const std::string& file, const std::string& text);

}  // namespace trunkline::trunkctl
