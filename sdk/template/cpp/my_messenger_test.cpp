// The connector in a host in memory: no network, no account, no waiting.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <trunkline/testing/check.hpp>

namespace {

using namespace trunkline::testing;

int failures = 0;

void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "FAILED: %s\n", what);
    ++failures;
}

const tl_plugin& plugin() {
    return *tl_connector_entry(TL_ABI_MAJOR, TL_ABI_MINOR);
}

const char kSettings[] = R"({"base_url":"https://chat.example","secret":"s3cret"})";

// Every folder of testdata/: the effects that out.jsonl says, in batches of any size, also when the
// connector is replaced in the middle.
void test_golden_cases() {
    for (const std::string& problem : check_cases(plugin(), TRUNKLINE_TESTDATA))
        expect(false, problem.c_str());
}

void test_a_command_is_sent_and_ends_with_the_messengers_id() {
    TestHost host{plugin(), {.settings = kSettings}};
    host.feed(Input::command(1, "5", R"({"id":"x1","type":"send","message":{"text":"Yes"}})"));
    expect(host.latest("http").string("url") == "https://chat.example/messages", "the address");

    host.feed(Input::reply(1, 1, 200, R"({"id":77})"));
    expect(host.latest("outcome").string("value") == R"(["77"])", "the id of what was sent");
    expect(host.faults().empty(), "the contract is kept");
}

void test_settings_without_an_address_are_refused() {
    const TestHost host{plugin(), {.settings = R"({"secret":"s3cret"})"}};
    expect(host.created() == TL_E_BAD_CONFIG, "BAD_CONFIG");
}

}  // namespace

int main() try {
    test_golden_cases();
    test_a_command_is_sent_and_ends_with_the_messengers_id();
    test_settings_without_an_address_are_refused();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
} catch (const std::exception& error) {
    std::fprintf(stderr, "FAILED: %s\n", error.what());
    return EXIT_FAILURE;
}
