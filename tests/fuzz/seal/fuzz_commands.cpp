// A portal's commands, and all that is done with them before a connector sees one.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "check.hpp"
#include "host/universal/degrade.hpp"
#include "host/universal/json.hpp"
#include "host/universal/unicode.hpp"

namespace {

using namespace trunkline::universal;

const Features& narrow() {
    static const Features features = *Features::parse(std::string_view{
        R"({"*":{"text_max":20,"text_unit":"utf16","spans":["bold"],"attachments":{"image":{"max_bytes":50,"caption_max":16}},)"
        R"("buttons":{"rows":1,"per_row":2,"text_max":5,"payload_max_bytes":4},"edit":true,"location":true}})"}
    );
    return features;
}

void degrade_it(const Command& command) {
    const auto out = degrade(command, narrow(), "direct");
    if (!out) return;
    FUZZ_CHECK(!out->parts.empty());
    for (const Command& part : out->parts) {
        FUZZ_CHECK(part.id() == command.id());
        const bool sent = part.type() == "send" || part.type() == "edit";
        // A limit of 20 holds any character, so every piece must hold the limit.
        if (sent) FUZZ_CHECK(count_units(part.message().text(), TextUnit::utf16) <= 20);
        const auto length = count_code_points(part.message().text());
        for (const Span& span : part.message().spans()) {
            FUZZ_CHECK(!sent || span.type() == "bold");
            FUZZ_CHECK(std::size_t{span.offset()} + span.length() <= length);
        }
    }
}

void use(const Command& command) {
    std::string json;
    write_command_json(command, json);
    boost::json::parse_options options;
    options.max_depth = 64;
    boost::json::error_code failure;
    const auto value = boost::json::parse({json.data(), json.size()}, failure, {}, options);
    FUZZ_CHECK(!failure);
    FUZZ_CHECK(value.as_object().contains("id"));
    degrade_it(command);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    if (const auto commands = read_commands(input)) {
        for (const ReadCommand& one : *commands) {
            FUZZ_CHECK(one.code.empty() == one.message.empty());
            if (one.code.empty()) use(one.command);
        }
    }
    Command command;
    if (command.ParseFromArray(data, static_cast<int>(size))) {
        const ReadCommand one = check_command(command);
        if (one.code.empty()) use(one.command);
    }
    return 0;
}
