// A connector of no messenger with every fault that a process can have, each when a text asks for
// it; FIXED is the next version, which takes such texts for what they are.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <trunkline/connector.hpp>

#ifndef FIXED
#define VERSION "1.0.0"
#else
#define VERSION "1.0.1"
#endif

namespace {

using namespace trunkline;

constexpr char kManifest[] = R"({
  "receive": ["webhook"],
  "features": {"*": {"text_max": 4096, "reply": false}}
})";

#ifndef FIXED
/// Does what `text` asks for and returns what came of it, if it returns.
std::string misbehave(std::string_view text) {
    if (text == "segfault") return std::string{*static_cast<const char* volatile*>(nullptr)};
    if (text == "abort") {
        std::fputs("brittle: this cannot happen\n", stderr);
        std::abort();
    }
    if (text == "hang") {
        for (volatile bool for_ever = true; for_ever;) {
        }
    }
    if (text == "eat") {
        for (std::vector<std::string> eaten;;)
            eaten.emplace_back(std::size_t{1} << 20U, 'x');
    }
    if (text == "flood") {
        const std::string line(1000, '!');
        for (int i = 0; i < 50'000; ++i)
            std::puts(line.c_str());
        std::fflush(stdout);
    }
    if (text == "open") return ::open("/etc/passwd", O_RDONLY) < 0 ? "open refused" : "opened";
    if (text == "socket")
        return ::socket(AF_INET, SOCK_STREAM, 0) < 0 ? "socket refused" : "connected";
    return std::string{text};
}
#else
std::string misbehave(std::string_view text) {
    return std::string{text};
}
#endif

class Brittle final : public Connector {
public:
    explicit Brittle(const Setup&) {}

    Task on_webhook(Context& context, const Webhook& hook) const override {
        if (!report(context, hook.body)) co_return Outcome::bad_input("brittle.not_json");
        context.answer(200, "ok");
        co_return Outcome::done();
    }

    Task on_replay(Context& context, const Replay& replay) const override {
        if (!report(context, replay.body)) co_return Outcome::bad_input("brittle.not_json");
        co_return Outcome::done();
    }

    Task on_command(Context& context, const Command& command) const override {
        (void)context;
        const auto parsed_command = parsed(command.json);
        if (!parsed_command) co_return Outcome::bad_input("brittle.not_json");
        co_return Outcome::done({"sent-" + misbehave(text_at(*parsed_command, "message", "text"))});
    }

private:
    static bool report(Context& context, std::string_view body) {
        const auto update = parsed(body);
        if (!update) return false;
        const std::string chat = id_at(*update, "chat");
        const std::string id = id_at(*update, "id");
        const std::string text = misbehave(text_at(*update, "text"));
        const json::value event = {
            {"type", "message"},
            {"conversation", {{"id", chat}, {"kind", "direct"}}},
            {"sender", {{"id", chat}, {"name", "Ann"}}},
            {"message", {{"id", id}, {"text", text}}}};
        context.item({.conversation = chat, .dedup = id, .json = json::serialize(event)});
        return true;
    }
};

}  // namespace

TRUNKLINE_CONNECTOR(Brittle, "brittle", VERSION, "Brittle", kManifest)
