// A runner that means harm: what it does is chosen by the number that stands for its memory. It
// serves like an honest one up to the point where it does not.
#include "hostile_runner.hpp"

#include <cstdlib>
#include <string>

#include <unistd.h>

#include "host/frames/effects.hpp"
#include "host/frames/frames.hpp"
#include "host/frames/progress.hpp"
#include "host/frames/transport.hpp"

namespace {

using namespace trunkline::frames;
using trunkline::Harm;

void send(std::string_view frame) {
    if (send_frame(kSocket, frame, true) != Moved::whole) ::_exit(0);
}

tl_view lend(std::string_view text) {
    return {text.data(), text.size()};
}

[[noreturn]] void serve(Harm harm, Progress& progress) {
    Inbox inbox;
    for (;;) {
        std::string_view frame;
        if (inbox.receive(kSocket, frame, true) != Moved::whole) ::_exit(0);
        Create create;
        if (decode(frame, create)) {
            send(encode(Created{create.call + (harm == Harm::answers_another ? 1U : 0U), 0, ""}));
            continue;
        }
        Handle handle;
        if (!decode(frame, handle)) continue;
        const auto count = static_cast<std::uint32_t>(handle.given.size());
        const std::uint64_t task = handle.given.front().input.task;
        EffectWriter effects;
        tl_item item{};
        item.size = sizeof item;
        item.json = lend("{}");
        Reply reply;
        reply.call = handle.call;
        reply.done = count;
        std::string bytes;
        switch (harm) {
            case Harm::foreign_task:
                effects.item(0, task + 1000, item);
                break;
            case Harm::foreign_input:
                effects.item(count, task, item);
                break;
            case Harm::backwards:
                effects.item(0, task, item);
                effects.item(~0U, task, item);
                break;
            case Harm::refused_effect:
                effects.item(0, task, item);
                item.json = {};
                effects.item(0, task, item);
                break;
            case Harm::garbage_effects:
                effects.item(0, task, item);
                break;
            case Harm::miscounts:
                reply.done = ~0U;
                break;
            case Harm::writes_over_the_page:
                progress.call = ~std::uint64_t{0};
                progress.done = ~0U;
                progress.refused = ~0U;
                progress.refused_last = -1;
                for (char& c : progress.reason)
                    c = '\x1b';
                ::_exit(70);
            case Harm::answers_with_something_else:
                send(encode(Saved{handle.call, "", 0}));
                continue;
            case Harm::floods:
                send(encode(reply));
                for (;;)
                    send(encode(Log{0, 0, "x"}));
            case Harm::none:
            case Harm::another_build:
            case Harm::no_frame:
            case Harm::answers_another:
                break;
        }
        bytes = effects.bytes();
        if (harm == Harm::garbage_effects) bytes += "garbage";
        reply.effects = bytes;
        send(encode(reply));
    }
}

}  // namespace

int main(int count, char** words) {
    if (count < 4) return 2;
    const auto harm = static_cast<Harm>(std::atoi(words[3]));
    auto page = ProgressPage::map(kPage);
    if (!page) return 2;
    Hello hello;
    hello.id = "scripted";
    hello.connector_version = "1.2.3";
    hello.state_schema = 1;
    if (harm == Harm::another_build) hello.version = kVersion + 1;
    if (harm == Harm::no_frame) send("\x7f and nothing that makes sense");
    send(encode(hello));
    serve(harm, **page);
}
