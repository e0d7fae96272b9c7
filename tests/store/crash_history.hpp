#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

/// What a run left behind outside the store, and whether the store kept its promises by it. Entries
/// are written with one `write` each: they are in the page cache, which a killed process leaves
/// intact. A write that is killed may end with a page, so no entry lies across two.
namespace trunkline::crash {

constexpr std::uint64_t kNoticeBit = 1ULL << 63U;
constexpr std::size_t kBatch = 8;  ///< records the consumer takes before it advances

enum class What : std::uint32_t {
    attempt = 1,    ///< about to be committed
    accepted = 2,   ///< the store said: synced
    delivered = 3,  ///< the consumer had it, in order
    given_up = 4,   ///< about to be moved to the dead letters
};

struct alignas(64) Entry {
    What what{};
    std::uint32_t round = 0;
    std::uint32_t lane = 0;
    std::uint32_t conversation = 0;
    std::uint64_t sequence = 0;
    std::uint64_t conversation_sequence = 0;
    std::uint64_t id = 0;
};

/// Appends to one file, from any thread.
class Log {
public:
    explicit Log(const std::string& path);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    template <class T>
    void write(const T& entry) const {
        static_assert(std::is_trivially_copyable_v<T> && 4096 % sizeof(T) == 0);
        write_bytes(&entry, sizeof entry);
    }

private:
    void write_bytes(const void* bytes, std::size_t size) const;

    int file_;
};

std::string read_file(const std::string& path);

template <class T = Entry>
std::vector<T> read_log(const std::string& path) {
    const auto bytes = read_file(path);
    std::vector<T> out(bytes.size() / sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size() * sizeof(T));
    return out;
}

/// A round as the parent ran it.
struct Round {
    bool durable_acknowledgements = true;
    bool torn_before = false;  ///< the newest log was damaged before it began
};

struct Verdict {
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;
    std::uint64_t dead = 0;
    std::uint64_t lost = 0;     ///< accepted, but neither delivered nor dead
    std::uint64_t repeats = 0;  ///< delivered again after a kill
    std::uint64_t longest_repeat = 0;
    std::vector<std::string> violations;
};

using DeadIds = std::set<std::uint64_t>;

/// `history` in the order in which it was written. `torn`: logs were damaged, so what was accepted
/// may be missing.
Verdict judge(
    const std::vector<Entry>& history,
    const std::vector<Round>& rounds,
    const DeadIds& dead,
    bool torn
);

}  // namespace trunkline::crash
