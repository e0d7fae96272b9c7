#pragma once

#include <string>
#include <string_view>

namespace trunkline::store {

/// Whether the record at which RocksDB's MANIFEST ends only looks torn. RocksDB takes one that
/// reaches beyond the end of the file for the trace of a crash and leaves it out with all behind
/// it, which is right while its bytes are missing: then nothing depends on it yet. When all bytes
/// are there and only the length in front of them is damaged, leaving them out loses what they
/// stand for without a word. `manifest`: the file's bytes, in the log format of RocksDB (wiki:
/// Write-Ahead-Log-File-Format). Pure. `[any]`
bool a_length_is_damaged(std::string_view manifest);

/// The bytes of the MANIFEST that CURRENT in `folder` names; "" when there is none. Blocks.
std::string read_manifest(const std::string& folder);

}  // namespace trunkline::store
