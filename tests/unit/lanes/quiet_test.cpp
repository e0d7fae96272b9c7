#include <cstdlib>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

namespace {

// Lanes that fail on purpose would fill the test's output.
class QuietEnvironment final : public testing::Environment {
    void SetUp() override {
        if (std::getenv("TRUNKLINE_LOG") == nullptr) spdlog::set_level(spdlog::level::off);
    }
};

[[maybe_unused]] const auto* const kQuiet = testing::AddGlobalTestEnvironment(new QuietEnvironment);

}  // namespace
