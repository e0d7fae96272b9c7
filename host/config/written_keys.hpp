#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace trunkline::config {

/// Every key that a reading has found written, with a digest of its text, which tells two readings
/// of one process apart. A host keeps it for as long as it runs, with seven keys or more for each
/// of its portals: so a name is kept as what it does not share with the one before it, a fifth of
/// what the names would take. A value.
class WrittenKeys {
public:
    WrittenKeys() = default;
    /// By full name.
    explicit WrittenKeys(const std::map<std::string, std::size_t>& digests);

    friend std::vector<std::string> changed_keys(
        const WrittenKeys& before, const WrittenKeys& after
    );

private:
    class Reader;
    // Of each: how many bytes it shares with the one before and how many follow, those, its digest.
    std::string packed_;
};

/// The full names of keys that were added, taken away or given another text. What stands in a file
/// that a secret names is not looked at.
std::vector<std::string> changed_keys(const WrittenKeys& before, const WrittenKeys& after);

}  // namespace trunkline::config
