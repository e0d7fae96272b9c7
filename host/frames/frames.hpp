#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <trunkline/abi.h>

/// The frames between the host and a child that runs a connector. Decoded structs are views into
/// the frame. `[any]`
namespace trunkline::frames {

/// Raised with every change of a frame: a runner of another build is refused by name.
inline constexpr std::uint32_t kVersion = 1;

enum class Kind : std::uint8_t {
    hello = 1,  ///< child: the library is loaded, or why it is not
    create,     ///< host: make an instance
    created,
    destroy,  ///< host: end an instance; not answered
    save,     ///< host: hand out an instance's caches
    saved,
    handle,  ///< host: handle inputs
    reply,
    log,        ///< child: a line of the connector's
    metrics,    ///< child: changes of the connector's own figures
    ask_file,   ///< child, while handling: is there such a file?
    tell_file,  ///< host
};
/// Of any bytes; none when they begin like no frame.
std::optional<Kind> kind_of(std::string_view frame) noexcept;

struct Hello {
    std::uint32_t version = kVersion;
    std::string_view refused;  ///< one line; "" = ready
    std::string_view id, connector_version;
    std::uint32_t state_schema = 0;
    bool features = false;  ///< it offers trunkline.features/1
};

struct Create {
    std::uint64_t call = 0;
    std::uint64_t instance = 0;  ///< chosen by the host, never used twice
    std::uint32_t scope = 0;     ///< tl_scope
    bool allow_private = false;
    std::string_view connector, account;
    std::string_view name, connector_json, settings_json, hook_url, state;
    std::uint32_t state_schema = 0;
};
struct Created {
    std::uint64_t call = 0;
    std::int32_t code = 0;  ///< tl_code
    std::string_view escaped;
};

struct Destroy {
    std::uint64_t instance = 0;
};

struct Save {
    std::uint64_t call = 0;
    std::uint64_t instance = 0;
};
struct Saved {
    std::uint64_t call = 0;
    std::string_view state;
    std::uint32_t schema = 0;
};

/// An input, and what its task has asked for so far, by which the child judges what comes next.
struct Given {
    tl_input input{};
    std::uint32_t last_step = 0;
    bool answered = false;
    bool sourced = false;
    bool named = false;  ///< the task outlives a restart of the host
    std::uint32_t first_kind = 0;
    std::uint64_t journal_bytes = 0;
    std::string_view first_key, seed;
};
struct Handle {
    std::uint64_t call = 0;
    std::uint64_t instance = 0;
    std::vector<Given> given;    ///< 1 to TL_MAX_BATCH
    std::vector<tl_pair> pairs;  ///< what the inputs refer to
};
/// Written piece by piece, so that nothing is copied twice.
class HandleWriter {
public:
    HandleWriter(std::uint64_t call, std::uint64_t instance, std::uint32_t count);
    void add(const Given& given);
    std::string take() { return std::move(frame_); }

private:
    std::string frame_;
};

struct Reply {
    std::uint64_t call = 0;
    std::int32_t code = 0;
    std::uint32_t done = 0;
    /// The effects of this input and of those behind it did not fit into one reply: they are to be
    /// handed in again, each alone.
    std::optional<std::uint32_t> crowded;
    std::uint64_t took_us = 0;
    std::string_view escaped;
    std::string_view effects;  ///< see effects.hpp
};

struct Log {
    std::uint64_t instance = 0;  ///< 0 = said before any was made
    std::int32_t level = 0;
    std::string_view text;
};

struct MetricChange {
    std::string_view name;
    bool gauge = false;
    std::int64_t value = 0;  ///< added to a counter, set as a gauge
};
struct Metrics {
    std::vector<MetricChange> changes;
};

struct AskFile {
    std::uint64_t instance = 0;
    std::string_view file;
};
struct TellFile {
    bool there = false;
};

std::string encode(const Hello& hello);
std::string encode(const Create& create);
std::string encode(const Created& created);
std::string encode(const Destroy& destroy);
std::string encode(const Save& save);
std::string encode(const Saved& saved);
std::string encode(const Reply& reply);
std::string encode(const Log& log);
std::string encode(const Metrics& metrics);
std::string encode(const AskFile& ask);
std::string encode(const TellFile& tell);

/// False for anything but a whole frame of that kind.
bool decode(std::string_view frame, Hello& out);
bool decode(std::string_view frame, Create& out);
bool decode(std::string_view frame, Created& out);
bool decode(std::string_view frame, Destroy& out);
bool decode(std::string_view frame, Save& out);
bool decode(std::string_view frame, Saved& out);
bool decode(std::string_view frame, Handle& out);
bool decode(std::string_view frame, Reply& out);
bool decode(std::string_view frame, Log& out);
bool decode(std::string_view frame, Metrics& out);
bool decode(std::string_view frame, AskFile& out);
bool decode(std::string_view frame, TellFile& out);

}  // namespace trunkline::frames
