#pragma once

#include <span>
#include <string_view>

#include "host/net/server.hpp"

namespace trunkline::portal::desk {

/// A file of the page, compiled into the program.
struct Asset {
    std::string_view path;  ///< "/" or "/assets/desk-1a2b3c4d.js"
    std::string_view type;
    std::string_view bytes;
    std::string_view gzip;   ///< the same, compressed; empty when that is no gain
    bool immutable = false;  ///< its name changes with its content
};

/// All of them; defined by the generated source.
std::span<const Asset> web_assets();

/// The page or a part of it; 404 for anything else.
net::Response page(const net::RequestHead& head);

}  // namespace trunkline::portal::desk
