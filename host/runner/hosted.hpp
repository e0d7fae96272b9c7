#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <trunkline/abi.h>

#include "host/frames/effects.hpp"
#include "host/frames/frames.hpp"
#include "host/plugins/extensions.hpp"
#include "host/runner/peer.hpp"
#include "host/tasks/collector.hpp"

namespace trunkline::runner {

/// What all instances share: the way to the host, the connector's figures, its lines.
class Household {
public:
    explicit Household(Peer& peer);
    Household(const Household&) = delete;
    Household& operator=(const Household&) = delete;

    Peer& peer() noexcept { return peer_; }
    const tl_metrics& metrics() const noexcept { return metrics_; }

    /// A line of the connector's; instance 0 = before any was made. So many for each frame.
    void log(std::uint64_t instance, std::int32_t level, tl_view text) noexcept;
    /// Sends what was not sent yet, ahead of the answer to a frame.
    void flush();

private:
    tl_status change(tl_view name, bool gauge, std::int64_t value) noexcept;

    Peer& peer_;
    plugins::MetricsTable judge_;
    tl_metrics metrics_{};
    struct Change {
        std::string name;
        bool gauge = false;
        std::int64_t value = 0;
    };
    std::vector<Change> changes_;
    std::uint32_t lines_ = 0;
    std::uint32_t left_out_ = 0;
};

/// One instance of the connector, with the host as it sees it. What it asks for is judged by the
/// host's own code and recorded.
class Hosted {
public:
    Hosted(const tl_plugin& table, Household& household, const frames::Create& create);
    ~Hosted();
    Hosted(const Hosted&) = delete;
    Hosted& operator=(const Hosted&) = delete;

    frames::Created create(const frames::Create& create);
    frames::Saved save(std::string& state);
    /// `done` is where the connector counts. The reply's effects are readable until the next call.
    frames::Reply handle(const frames::Handle& handle, std::uint32_t& done);

private:
    const tl_effects& recording_table();
    template <class Ask, class Record>
    tl_status ask(std::uint64_t task, Ask ask, Record record) noexcept;
    std::uint32_t input_of(std::uint64_t task) const noexcept;
    void lay_out(const frames::Handle& handle);
    void out_of_memory_ends_it(tl_code code, const std::string& escaped);

    const tl_plugin& table_;
    Household& household_;
    std::uint64_t id_;
    tasks::Setup setup_;
    tasks::Collector::Files files_;
    tasks::Collector collector_;
    const tasks::Buckets buckets_;  ///< that the connector may name
    tl_host host_{};
    tl_effects effects_{};
    tl_instance* object_ = nullptr;

    // Of the call at hand.
    std::vector<tasks::TaskFacts> facts_;
    std::vector<tasks::Collector::Slot> slots_;
    std::vector<tl_input> inputs_;
    const std::uint32_t* done_ = nullptr;
    frames::EffectWriter effects_asked_;
    std::optional<std::uint32_t> crowded_;
    std::string escaped_;
};

}  // namespace trunkline::runner
