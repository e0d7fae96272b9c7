#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace trunkline {

/// A string that names one kind of thing. Each `Tag` makes a distinct type, so that an account id
/// can never be passed where a conversation id is meant. A value; the text is opaque to everyone
/// except whoever made it.
template <class Tag>
class Id {
public:
    Id() = default;
    explicit Id(std::string text) : text_{std::move(text)} {}

    const std::string& text() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

    friend auto operator<=>(const Id&, const Id&) = default;

private:
    std::string text_;
};

using AccountId = Id<struct AccountTag>;  ///< one connected bot, page or community
using PortalId = Id<struct PortalTag>;    ///< one business installation
using ConnectorId =
    Id<struct ConnectorTag>;  ///< a plugin: `[a-z][a-z0-9_]{1,31}`, equal to its file name

}  // namespace trunkline

template <class Tag>
struct std::hash<trunkline::Id<Tag>> {
    std::size_t operator()(const trunkline::Id<Tag>& id) const noexcept {
        return std::hash<std::string>{}(id.text());
    }
};
