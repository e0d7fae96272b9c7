#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/json/value.hpp>
#include <trunkline/abi.h>

#include "host/base/id.hpp"
#include "host/base/result.hpp"

/// Connectors as shared libraries: staged, checked, mapped. The only folder that includes
/// Boost.DLL.
namespace trunkline::plugins {

/// What a connector says about itself without being run; from its ELF note.
struct Manifest {
    ConnectorId id;
    std::string version;
    std::string title;
    std::uint32_t abi_major = 0;
    std::uint32_t abi_minor_min = 0;
    boost::json::object json;  ///< the manifest as written: settings, features, limits, receive,
                               ///< redelivery_window, accept, ...
};

/// A figure of a connector's own (trunkline.metrics/1).
struct Metric {
    std::string name;
    bool gauge = false;  ///< otherwise a counter
    std::int64_t value = 0;
};

/// Where a connector's code runs.
enum class Isolation {
    none,     ///< in the host: the library is mapped here
    process,  ///< in a child: nothing of it is mapped here
};

/// One loaded version of a connector. Keeps the library mapped while anything holds it; the
/// destructor unmaps and proves it on the thread that drops the last reference (the control thread,
/// never a loop).
class Generation {
public:
    virtual ~Generation() = default;
    virtual const Manifest& manifest() const noexcept = 0;
    virtual std::uint64_t number() const noexcept = 0;  ///< 1, 2, 3... per connector, never reused
    virtual Isolation isolation() const noexcept { return Isolation::none; }
    /// Call only through tasks' guard. Not there with isolation in a process: ask tasks for an
    /// instance.
    virtual const tl_plugin& table() const noexcept = 0;
    virtual std::uint32_t state_schema() const noexcept { return table().state_schema; }
    /// The staged copy that a child loads; "" without isolation.
    virtual std::string library() const { return {}; }
    virtual const tl_host& host_for(std::size_t loop
    ) const noexcept = 0;                   ///< log and extensions, tagged connector@version#n
    virtual std::string label() const = 0;  ///< "telegram@1.0.0#1" for logs and metrics
    virtual std::vector<Metric> metrics() const {
        return {};
    }  ///< the connector's own figures. `[any]`
};

struct PluginInfo {
    std::string file;
    std::string state;   ///< "serving", "rejected"
    std::string reason;  ///< when rejected: one line naming the cause
    Manifest manifest;   ///< as far as it could be read
    std::uint64_t generation = 0;
    Isolation isolation = Isolation::none;
};

/// The folder of connectors. Owner: main; control thread only, except `current` and `list`, which
/// are `[any]`.
class Catalogue {
public:
    virtual ~Catalogue() = default;

    /// Loads every `*.so` of the folder: a private copy is staged, its note read before any of its
    /// code runs, then mapped, negotiated and self-checked. What is refused is listed with its
    /// reason and hurts nobody else.
    virtual void load_all() = 0;

    /// Loads one file as the next generation of its connector and returns it; the caller decides
    /// when it serves.
    virtual Result<std::shared_ptr<Generation>> load(const std::string& file) = 0;

    virtual std::shared_ptr<Generation> current(const ConnectorId& id
    ) const = 0;  ///< null when there is none
    virtual std::vector<PluginInfo> list() const = 0;
};

struct CatalogueOptions {
    std::string directory;  ///< where operators drop connectors
    std::string staging;    ///< private folder for the copies that are really mapped; made 0700
    std::size_t loops = 1;
    std::uint64_t file_bytes_max = 256ULL << 20U;
    std::set<std::string> isolated;  ///< ids of connectors that run in children
    std::function<void(const std::string& label, int level, std::string_view text)>
        log;  ///< `[any]`
};
std::unique_ptr<Catalogue> make_catalogue(CatalogueOptions options);

}  // namespace trunkline::plugins
