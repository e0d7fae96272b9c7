#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/json/value.hpp>
#include <trunkline/abi.h>

#include "host/base/id.hpp"
#include "host/base/result.hpp"
#include "host/plugins/signature.hpp"

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

/// Where a generation came from.
struct Origin {
    std::string file;    ///< as deployed
    std::string staged;  ///< the private copy that is mapped; there as long as the generation
    std::string digest;  ///< SHA-256 of its bytes, hexadecimal
    std::string cases;   ///< its golden cases (trunkline/testing/cases.hpp); "" = it has none
    std::uint32_t state_schema = 0;  ///< of what its instances save
    SignedBy signature;

    /// Fingerprint of the trusted key that the file is signed with; "" = of nobody whom the
    /// operator trusts.
    std::string signed_by() const { return signature.trusted ? signature.fingerprint : ""; }
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
    virtual const Origin& origin() const noexcept = 0;
    virtual std::vector<Metric> metrics() const {
        return {};
    }  ///< the connector's own figures. `[any]`
};

/// A file that was staged and judged, and none of whose code has run in this process. Its copy is
/// removed with it, unless it became a generation.
class Candidate {
public:
    Candidate(Manifest manifest, std::string written, Origin origin, std::uint64_t number)
        : manifest_{std::move(manifest)},
          written_{std::move(written)},
          origin_{std::move(origin)},
          number_{number} {}
    Candidate(Candidate&& other) noexcept;
    Candidate& operator=(Candidate&&) = delete;
    ~Candidate();

    const Manifest& manifest() const noexcept { return manifest_; }
    const std::string& written() const noexcept { return written_; }  ///< the manifest's text
    const Origin& origin() const noexcept { return origin_; }
    std::uint64_t number() const noexcept { return number_; }
    void keep_copy() noexcept { owned_ = false; }  ///< somebody else removes it

private:
    Manifest manifest_;
    std::string written_;
    Origin origin_;
    std::uint64_t number_;
    bool owned_ = true;
};

struct PluginInfo {
    std::string id;  ///< the file's name without ".so"
    std::string file;
    std::string state;   ///< "serving", "rejected", "absent", "disabled"
    std::string reason;  ///< when it does not serve, or its latest file was refused: one line
    Manifest manifest;   ///< as far as it could be read; of the serving one when there is one
    std::uint64_t generation = 0;
    std::string signed_by;  ///< when serving, as its origin has it
    Isolation isolation = Isolation::none;
};

/// The folder of connectors. Owner: main; control thread only, except `current` and `list`, which
/// are `[any]`.
class Catalogue {
public:
    virtual ~Catalogue() = default;

    /// Every `*.so` of the folder, sorted; bounded. Says so in the log when it cannot be listed.
    virtual std::vector<std::string> files() const = 0;

    /// Loads them: a private copy is staged, its note read before any of its code runs, then tried
    /// in a child process, mapped, negotiated and self-checked. What is refused is listed with its
    /// reason and hurts nobody else.
    void load_all();

    /// The steps of a loading, for who replaces a generation; nothing serves by them. `file` is a
    /// path, or a name alone for a file of the folder.
    virtual Result<Candidate> stage(const std::string& file) = 0;
    virtual Result<void> try_out(const Candidate& candidate) = 0;  ///< on its golden cases; blocks
    /// Lists and logs what the caller has against it; returns `why`.
    virtual Error refuse(const Candidate& candidate, Error why) = 0;
    virtual Result<std::shared_ptr<Generation>> map(Candidate candidate) = 0;

    /// All of them: the next generation of its connector. The caller decides when it serves.
    Result<std::shared_ptr<Generation>> load(const std::string& file);

    /// Puts a generation in charge; returns the one it takes over from, which the caller drops when
    /// nothing uses it any more.
    virtual std::shared_ptr<Generation> adopt(std::shared_ptr<Generation> next) = 0;

    /// Takes the connector out of charge: `state` absent or disabled.
    virtual std::shared_ptr<Generation> withdraw(
        const ConnectorId& id, const std::string& state, const std::string& reason
    ) = 0;

    /// What there is to say of a file that did not come to serve; "" when that is over.
    virtual void remark(const std::string& file, const std::string& reason) = 0;

    virtual std::shared_ptr<Generation> current(const ConnectorId& id
    ) const = 0;  ///< null when there is none
    virtual std::vector<PluginInfo> list() const = 0;
};

struct CatalogueOptions {
    std::string directory;  ///< where operators drop connectors
    std::string staging;    ///< private folder for the copies that are really mapped; made 0700
    std::string runner;  ///< the program trunkline-runner; "" = nothing is tried in a child first
    std::size_t loops = 1;
    std::uint64_t file_bytes_max = 256ULL << 20U;
    SignaturePolicy signatures;
    const std::atomic<bool>* stopping = nullptr;  ///< true: what is being tried is broken off
    /// Whether a connector runs in children, by id. Where nothing is said: whose file none of the
    /// trusted keys signed, if there are such keys.
    std::map<std::string, bool> isolated;
    std::function<void(const std::string& label, int level, std::string_view text)>
        log;  ///< `[any]`
};
std::unique_ptr<Catalogue> make_catalogue(CatalogueOptions options);

}  // namespace trunkline::plugins
