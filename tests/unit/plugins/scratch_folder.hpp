#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "test_connectors.hpp"

namespace trunkline::plugins {

/// A folder of its own for each test, gone with it.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "trunkline-plugins-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
        std::filesystem::create_directory(path_ / "plugins");
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    std::string plugins() const { return (path_ / "plugins").string(); }
    std::string staging() const { return (path_ / "staging").string(); }

    /// Deploys the test connector `name`, by default under its own name.
    void deploy(const std::string& name, const std::string& as = "") const {
        std::filesystem::copy_file(
            std::filesystem::path{kTestConnectors} / (name + ".so"),
            path_ / "plugins" / ((as.empty() ? name : as) + ".so"),
            std::filesystem::copy_options::overwrite_existing
        );
    }
    void write(const std::string& name, const std::string& bytes) const {
        std::ofstream{plugins() + "/" + name, std::ios::binary} << bytes;
    }

private:
    std::filesystem::path path_;
};

inline std::string bytes_of(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}
inline std::string bytes_of_connector(const std::string& name) {
    return bytes_of((std::filesystem::path{kTestConnectors} / (name + ".so")).string());
}

}  // namespace trunkline::plugins
