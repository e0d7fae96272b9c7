#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/async/await.hpp"
#include "host/base/result.hpp"

/// The words of HTTP that server and client share.
namespace trunkline::net {

/// One header field. Names are compared without case (RFC 9110 section 5.1).
struct Header {
    std::string name;
    std::string value;
};
using Headers = std::vector<Header>;

struct HeaderView {
    std::string_view name;
    std::string_view value;
};

/// The first field called `name`, or "" when there is none.
std::string_view find_header(std::span<const HeaderView> headers, std::string_view name) noexcept;
std::string_view find_header(const Headers& headers, std::string_view name) noexcept;
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// A body that is produced while it is sent. Owned by whoever sends it; used by one coroutine.
class BodySource {
public:
    virtual ~BodySource() = default;
    virtual std::optional<std::uint64_t> size() const = 0;  ///< none = sent chunked
    /// The next piece; empty = the end. Fails when the rest cannot be had: the connection is then
    /// cut, so that the receiver never takes half a body for a whole one.
    virtual async::Awaitable<Result<std::string>> read() = 0;
};

}  // namespace trunkline::net
