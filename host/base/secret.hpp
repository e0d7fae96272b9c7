#pragma once

#include <string>
#include <utility>

namespace trunkline {

/// Text that must never be shown. It has no formatter and no stream operator, so logging one does
/// not compile. A value. `reveal()` is the one way out and easy to grep for.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_{std::move(text)} {}

    const std::string& reveal() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

    friend bool operator==(const Secret&, const Secret&) =
        default;  ///< not for checking input: see seal/crypto.hpp

private:
    std::string text_;
};

}  // namespace trunkline
