// What an input costs, in units that do not depend on the machine.
#include <algorithm>
#include <cmath>

#include "allocations.hpp"
#include "check.hpp"
#include "instructions.hpp"
#include "library.hpp"
#include "mutate.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace cost_group {
namespace {

constexpr std::uint64_t kAllocationsFree = 1'000;  // of an input, whatever its size
constexpr std::uint64_t kBytesPerAllocation = 4;   // of an input, for each one more
constexpr double kGrowthMax = 2.0;                 // times what a straight line would be
constexpr std::uint64_t kBytesFree = 1U << 20U;
constexpr std::uint64_t kStepsMax = 2'000'000;  // each takes some microseconds
constexpr std::size_t kUnit = 256;              // bytes by which a body is grown at least
constexpr double kPerByteFree = 100;

/// Hashing is the host's work: OpenSSL's instructions say nothing of the connector, and are many.
const tl_crypto& uncounted_crypto() noexcept {
    static constexpr tl_crypto kTable{
        sizeof(tl_crypto),
        0,
        [](tl_view a, tl_view b) noexcept {
            const Uncounted ours;
            return crypto().equal(a, b);
        },
        [](tl_view bytes, unsigned char* out) noexcept {
            const Uncounted ours;
            return crypto().sha256(bytes, out);
        },
        [](tl_view key, tl_view bytes, unsigned char* out) noexcept {
            const Uncounted ours;
            return crypto().hmac_sha256(key, bytes, out);
        },
        [](tl_view modulus, tl_view exponent, tl_view data, tl_view signature) noexcept {
            const Uncounted ours;
            return crypto().verify_rs256(modulus, exponent, data, signature);
        }};
    return kTable;
}

/// A host that takes everything and keeps nothing, so that what is counted is the connector's.
class SilentHost {
public:
    SilentHost(const tl_plugin& plugin, const Account& account) : plugin_{&plugin} {
        host_.size = sizeof host_;
        host_.log = [](void*, std::int32_t, tl_view) noexcept {};
        host_.extension = [](void*, tl_view id) noexcept -> const void* {
            static constexpr tl_random kRandom{
                sizeof(tl_random),
                0,
                nullptr,
                [](void*, std::uint64_t, std::uint32_t, unsigned char* out, std::uint32_t size
                ) noexcept {
                    std::fill_n(out, size, static_cast<unsigned char>(7));
                    return tl_status{TL_OK};
                }};
            if (view(id) == TL_EXT_RANDOM) return &kRandom;
            return view(id) == TL_EXT_CRYPTO ? &uncounted_crypto() : nullptr;
        };
        const tl_setup setup{
            sizeof(tl_setup),
            account.scope,
            raw(account.name),
            raw(account.connector),
            raw(account.settings),
            raw(account.hook_url),
            {},
            plugin.state_schema,
            0};
        created_ = plugin.create(&host_, &setup, &instance_);
    }
    SilentHost(const SilentHost&) = delete;
    SilentHost& operator=(const SilentHost&) = delete;
    ~SilentHost() {
        if (created_ == TL_OK) plugin_->destroy(instance_);
    }

    bool created() const noexcept { return created_ == TL_OK; }

    tl_status handle(const testing::LentBatch& batch) noexcept {
        std::uint32_t done = 0;
        return plugin_->handle(instance_, batch.data(), batch.size(), &done, &effects());
    }

private:
    static const tl_effects& effects() noexcept {
        static constexpr tl_effects kAll{
            sizeof(tl_effects),
            0,
            nullptr,
            [](void*, std::uint64_t, std::uint32_t, const tl_http*) noexcept { return kOk; },
            [](void*, std::uint64_t, std::uint32_t, std::int64_t) noexcept { return kOk; },
            [](void*, std::uint64_t, std::uint32_t, std::int32_t, tl_view) noexcept { return kOk; },
            [](void*, std::uint64_t, std::uint32_t, tl_view) noexcept { return kOk; },
            [](void*, std::uint64_t, std::int32_t, tl_view, tl_view, std::int64_t, std::uint32_t
            ) noexcept { return kOk; },
            [](void*, std::uint64_t, const tl_item*) noexcept { return kOk; },
            [](void*, std::uint64_t, tl_view, tl_view) noexcept { return kOk; },
            [](void*, std::uint64_t, tl_view, tl_view) noexcept { return kOk; },
            [](void*, std::uint64_t, const tl_http*, std::int64_t) noexcept { return kOk; },
            [](void*, std::uint64_t, tl_view, tl_view, tl_view, std::int64_t) noexcept {
                return kOk;
            },
            [](void*, std::uint64_t, const tl_answer*) noexcept { return kOk; },
            [](void*, std::uint64_t, const tl_outcome*) noexcept { return kOk; }};
        return kAll;
    }
    static constexpr tl_status kOk = TL_OK;

    const tl_plugin* plugin_;
    tl_host host_{};
    tl_instance* instance_ = nullptr;
    tl_status created_ = TL_E_INTERNAL;
};

std::uint64_t size_of(const Input& input) {
    std::uint64_t size = input.method.size() + input.target.size() + input.body.size() +
                         input.key.size() + input.note.size();
    for (const Header& each : input.headers)
        size += each.name.size() + each.value.size();
    return size;
}

void allocations_of_inputs(Trial& trial) {
    if (!allocations_are_counted()) return trial.not_applicable("a sanitizer owns the memory");
    // What the host's own cryptography sets up at its first use is not the connector's.
    unsigned char digest[TL_SHA256_SIZE];
    (void)crypto().hmac_sha256(raw("key"), raw("text"), digest);
    (void)crypto().sha256(raw("text"), digest);
    std::uint64_t most = 0;
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        SilentHost host{library.plugin(), golden.account};
        if (!host.created()) return;
        const std::vector<Input> inputs = shifted(golden.inputs, 0);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const testing::LentBatch batch{std::span{&inputs[i], 1}};
            const auto before = allocations();
            (void)host.handle(batch);
            const std::uint64_t count = allocations().made - before.made;
            most = std::max(most, count);
            const std::uint64_t budget =
                kAllocationsFree + size_of(inputs[i]) / kBytesPerAllocation;
            if (count > budget)
                trial.fail(
                    "case " + golden.name() + ", input " + std::to_string(i) + ": " +
                    std::to_string(count) + " allocations, and " + std::to_string(budget) +
                    " are many for it"
                );
        }
    });
    trial.figure("allocations at most", static_cast<double>(most));
}

using Grow = std::string (*)(const std::string&, std::size_t);

/// An input that can be grown, after the ones that lead to it.
struct Growing {
    const Golden* golden;
    std::size_t index;
    Grow grow;
    std::string_view how;
};

/// One of each kind of input and of growth: the largest, because it has most to grow in.
std::vector<Growing> growing(const Subject& subject) {
    std::map<std::pair<int, int>, Growing> chosen;
    for (const Golden& golden : subject.cases) {
        for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
            const Input& input = golden.inputs[i];
            // What comes from outside: the messenger's requests and answers, the portal's commands.
            if (input.kind != TL_IN_WEBHOOK && input.kind != TL_IN_HTTP_REPLY &&
                input.kind != TL_IN_COMMAND)
                continue;
            int way = 0;
            for (const auto& [grow, how] :
                 {std::pair<Grow, std::string_view>{with_long_text, "text"},
                  {with_long_list, "list"}}) {
                if (grow(input.body, 1024).empty()) {
                    ++way;
                    continue;
                }
                const auto key = std::pair{static_cast<int>(input.kind), way++};
                const auto found = chosen.find(key);
                if (found == chosen.end())
                    chosen.emplace(key, Growing{&golden, i, grow, how});
                else if (found->second.golden->inputs[found->second.index].body.size() < input.body.size())
                    found->second = Growing{&golden, i, grow, how};
            }
        }
    }
    std::vector<Growing> all;
    for (const auto& [ignored, each] : chosen)
        all.push_back(each);
    return all;
}

/// Leads an instance up to the input and hands it over, grown, inside of `measure`.
template <class Measure>
void with_grown(const tl_plugin& plugin, const Growing& each, std::size_t bytes, Measure measure) {
    SilentHost host{plugin, each.golden->account};
    if (!host.created()) return;
    std::vector<Input> inputs = shifted(each.golden->inputs, 0);
    for (std::size_t i = 0; i < each.index; ++i)
        (void)host.handle(testing::LentBatch{std::span{&inputs[i], 1}});
    std::string& body = inputs[each.index].body;
    body = each.grow(body, body.size() + bytes);
    const testing::LentBatch batch{std::span{&inputs[each.index], 1}};
    measure(host, batch);
}

std::string name_of(const Growing& each) {
    return "case " + each.golden->name() + ", input " + std::to_string(each.index) +
           " with a long " + std::string{each.how};
}

void memory(Trial& trial) {
    if (!allocations_are_counted()) return trial.not_applicable("a sanitizer owns the memory");
    const auto inputs = growing(trial.subject());
    if (inputs.empty()) return trial.not_applicable("no golden case has a body that could grow");
    const Library library{trial.subject()};
    for (const Growing& each : inputs) {
        trial.at(name_of(each));
        const auto bytes_for = [&](std::size_t size) {
            std::uint64_t bytes = 0;
            with_grown(
                library.plugin(),
                each,
                size,
                [&](SilentHost& host, const testing::LentBatch& batch) {
                    const auto before = allocations();
                    (void)host.handle(batch);
                    bytes = allocations().bytes - before.bytes;
                }
            );
            return bytes;
        };
        constexpr std::size_t kLess = 128U << 10U, kMore = 1U << 20U;
        const std::uint64_t less = bytes_for(kLess), more = bytes_for(kMore);
        const double line = static_cast<double>(less) * (double{kMore} / double{kLess});
        trial.figure(std::string{each.how} + " x", static_cast<double>(more) / double{kMore});
        if (static_cast<double>(more) > line * kGrowthMax + static_cast<double>(kBytesFree))
            trial.fail(
                name_of(each) + ": " + std::to_string(less) + " bytes for 128 KiB, " +
                std::to_string(more) + " for 1 MiB"
            );
    }
}

/// By how much a body is grown at a time: a text by bytes, a list by whole elements.
std::size_t unit_of(const Growing& each) {
    const std::string& body = each.golden->inputs[each.index].body;
    const std::size_t grown = each.grow(body, body.size() + 1).size();
    return std::max(kUnit, grown > body.size() ? grown - body.size() : 0);
}

void instructions(Trial& trial) {
    if (!instructions_are_counted())
        return trial.not_applicable("instructions cannot be counted on this processor");
    const auto inputs = growing(trial.subject());
    if (inputs.empty()) return trial.not_applicable("no golden case has a body that could grow");
    const Library library{trial.subject()};
    for (const Growing& each : inputs) {
        trial.at(name_of(each));
        const auto steps_for = [&](std::size_t size) {
            std::optional<std::uint64_t> steps = 0;
            with_grown(
                library.plugin(),
                each,
                size,
                [&](SilentHost& host, const testing::LentBatch& batch) {
                    steps = count_instructions([&] { (void)host.handle(batch); }, kStepsMax);
                }
            );
            return steps;
        };
        // What is set up at first use, once in a process, is no growth.
        with_grown(
            library.plugin(),
            each,
            kUnit,
            [](SilentHost& host, const testing::LentBatch& batch) { (void)host.handle(batch); }
        );
        // Three points: what a straight line adds from the second to the third is twice what it
        // adds from the first to the second; a square adds four times as much.
        const std::size_t unit = unit_of(each);
        const auto first = steps_for(unit), second = steps_for(2 * unit),
                   third = steps_for(4 * unit);
        if (!first || !second || !third) {
            trial.fail(
                name_of(each) + ": more than " + std::to_string(kStepsMax) + " instructions for " +
                std::to_string(4 * unit) + " bytes"
            );
            continue;
        }
        const double step = std::abs(static_cast<double>(*second) - static_cast<double>(*first));
        const double next = static_cast<double>(*third) - static_cast<double>(*second);
        const double per_byte = next / static_cast<double>(2 * unit);
        trial.figure(std::string{each.how} + " per byte", per_byte);
        // A body that is hardly looked at grows by jumps: little is no growth to speak of.
        if (next > 2.6 * step && per_byte > kPerByteFree)
            trial.fail(
                name_of(each) + ": " + std::to_string(*first) + ", " + std::to_string(*second) +
                ", " + std::to_string(*third) + " instructions for " + std::to_string(unit) +
                " bytes more, twice and four times as many"
            );
    }
}

constexpr Check kChecks[]{
    {"cost.allocations", "An input costs few allocations for its size.", allocations_of_inputs},
    {"cost.memory",
     "Memory grows with the size of a body, not with its square.",
     memory,
     Severity::error,
     30},
    {"cost.instructions",
     "So does the work, counted in instructions: a mebibyte must not be a minute.",
     instructions,
     Severity::error,
     120},
};

}  // namespace
}  // namespace cost_group

std::span<const Check> cost_checks() {
    return cost_group::kChecks;
}

}  // namespace trunkline::conform
