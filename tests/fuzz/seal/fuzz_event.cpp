// What a connector reports, and an event back from the store: JSON out of it is JSON, and reads
// back the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "check.hpp"
#include "host/universal/json.hpp"

namespace {

using namespace trunkline::universal;

std::string written(const Event& event) {
    std::string json;
    write_json(event, json);
    boost::json::parse_options options;
    options.max_depth = 64;
    boost::json::error_code failure;
    boost::json::parse({json.data(), json.size()}, failure, {}, options);
    FUZZ_CHECK(!failure);
    return json;
}

// Fractions of members nobody knows may move by one step in Boost.JSON 1.81; all else must stand
// still.
Event without_extra(Event event) {
    event.clear_extra();
    if (event.has_message()) event.mutable_message()->clear_extra();
    return event;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kInputMax =
        64 * 1024;  // what is written is longer than what was read, and must stay readable
    if (size > kInputMax) return 0;
    const auto reported = read_event({reinterpret_cast<const char*>(data), size});
    if (reported) {
        const auto first = read_written_event(written(*reported));
        FUZZ_CHECK(first.has_value());
        const Event once = without_extra(*first);
        const auto second = read_written_event(written(once));
        FUZZ_CHECK(second.has_value());
        FUZZ_CHECK(second->SerializeAsString() == once.SerializeAsString());
    }
    Event stored;
    if (stored.ParseFromArray(data, static_cast<int>(size))) written(without_extra(stored));
    return 0;
}
