// A connector that does what its input says: each line of a starting input's body is an effect,
// `wait` ends a call. Its tasks are functions of their inputs, so it can be rebuilt like any other;
// VARIANT makes a next generation that differs.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <trunkline/ext/crypto.h>
#include <trunkline/ext/metrics.h>
#include <trunkline/ext/random.h>
#include <unistd.h>

#include "facts.h"

#ifndef VARIANT
#define VARIANT 1
#endif

namespace {

std::string_view text(tl_view view) {
    return view.size == 0 ? std::string_view{} : std::string_view{view.data, view.size};
}
tl_view view(std::string_view text) {
    return {text.data(), text.size()};
}

struct Failure {
    tl_status status;
};

// Uses up its stack; the sum keeps the compiler from turning it into a loop.
tl_status deeper(int depth) {
    volatile char room[4096] = {};
    return depth == 0 ? room[0] : deeper(depth - 1) + room[depth % 4096];
}

struct Task {
    std::vector<std::string> lines;
    std::size_t at = 0;
    std::uint64_t id = 0;
    std::int64_t now = 0;
    std::uint32_t flags = 0;
    std::string reply = "none";
};

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    std::stringstream stream{std::string{text}};
    for (std::string part; std::getline(stream, part, by);)
        parts.push_back(part);
    return parts;
}

class Scripted {
public:
    Scripted(const tl_host* host, std::string state) : host_{host}, state_{std::move(state)} {}

    tl_status handle(const tl_input& input, const tl_effects& effects) {
        if (input.kind == TL_IN_CANCEL) {
            tasks_.erase(input.task);
            tl_view ignored = view("after cancel");
            (void)effects.alias(effects.ctx, input.task, ignored, ignored);
            log("cancelled");
            return TL_OK;
        }
        Task* task = nullptr;
        if (input.kind < TL_IN_HTTP_REPLY) {
            Task made;
            made.lines = split(text(input.body), '\n');
            made.id = input.task;
            tasks_[input.task] = made;
        } else if (tasks_.count(input.task) == 0) {
            return TL_E_BAD_STATE;
        }
        task = &tasks_[input.task];
        task->now = input.at_ms;
        task->flags = input.flags;
        if (input.kind >= TL_IN_HTTP_REPLY) {
            const bool unknown = (input.flags & TL_INPUT_UNKNOWN) != 0;
            task->reply = std::to_string(input.step) + ":" + std::to_string(input.status) +
                          (unknown ? "?" : "") + ":" + std::string{text(input.body)};
        }
        try {
            run(*task, effects);
        } catch (const Failure& failure) {
            tasks_.erase(input.task);
            return failure.status;
        }
        return TL_OK;
    }

    const std::string& state() const { return state_; }

private:
    void log(std::string_view line) { host_->log(host_->ctx, TL_LOG_INFO, view(line)); }

    void run(Task& task, const tl_effects& effects) {
        while (task.at < task.lines.size()) {
            const auto words = split(task.lines[task.at++], ' ');
            if (words.empty()) continue;
            if (words[0] == "wait") return;
            if (words[0] == "wait_other") {
                if (VARIANT == 1) return;
                continue;
            }
            if (words[0] == "forget_me") {
                // Loses the task once, as a connector that was restarted would.
                if (lost_++ == 0) return static_cast<void>(tasks_.erase(task.id));
                return;
            }
            (void)perform(task, words, effects);
        }
    }

    tl_status item(
        Task& task, const tl_effects& effects, std::string_view dedup, std::string_view json
    ) {
        tl_item item{};
        item.size = sizeof item;
        item.conversation = view("chat");
        item.dedup = view(dedup);
        item.json = view(json);
        return effects.item(effects.ctx, task.id, &item);
    }

    tl_status http(Task& task, const std::vector<std::string>& words, const tl_effects& effects) {
        // http <step> <flags> <url> [body] [header value]
        tl_http http{};
        http.size = sizeof http;
        http.flags = static_cast<std::uint32_t>(std::stoul(words.at(2)));
        http.method = view("POST");
        http.url = view(words.at(3));
        if (words.size() > 4) http.body = view(words[4]);
        const std::string value = words.size() > 5 ? words[5] : "1";
        tl_pair header{view("x-test"), view(value)};
        http.headers = &header;
        http.header_count = 1;
        const std::string bucket = words[0].substr(std::min<std::size_t>(words[0].size(), 12));
        if (words[0].rfind("http_bucket", 0) == 0)
            http.bucket = bucket.empty() ? view("sends") : view(bucket);
        if (words[0] == "http_timeout") http.timeout_ms = std::stoll(words.at(4));
        if (words[0] == "source") return effects.source(effects.ctx, task.id, &http, 5);
        return effects.http(
            effects.ctx, task.id, static_cast<std::uint32_t>(std::stoul(words.at(1))), &http
        );
    }

    tl_status upload(Task& task, const std::vector<std::string>& words, const tl_effects& effects) {
        // upload <step> <flags> <url> <file> <part flags>
        tl_part parts[2]{};
        parts[0].name = view("text");
        parts[0].bytes = view("hello");
        parts[1].name = view("file");
        parts[1].file = view(words.at(4));
        parts[1].flags = std::stoull(words.at(5));
        tl_http http{};
        http.size = sizeof http;
        http.flags = static_cast<std::uint32_t>(std::stoul(words.at(2)));
        http.method = view("POST");
        http.url = view(words.at(3));
        http.parts = parts;
        http.part_count = 2;
        return effects.http(
            effects.ctx, task.id, static_cast<std::uint32_t>(std::stoul(words.at(1))), &http
        );
    }

    tl_status outcome(Task& task, const tl_effects& effects, int kind, std::string_view value) {
        tl_outcome outcome{};
        outcome.size = sizeof outcome;
        outcome.kind = kind;
        outcome.delay_ms = 1500;
        outcome.value = view(value);
        outcome.code = view("test.code");
        return effects.outcome(effects.ctx, task.id, &outcome);
    }

    tl_status random(Task& task, const tl_effects& effects, std::uint32_t index) {
        const auto* table =
            static_cast<const tl_random*>(host_->extension(host_->ctx, view(TL_EXT_RANDOM)));
        unsigned char bytes[40];
        const tl_status status = table->fill(table->ctx, task.id, index, bytes, sizeof bytes);
        if (status != TL_OK) return status;
        std::string hex;
        for (const unsigned char byte : bytes)
            hex += "0123456789abcdef"[byte % 16];
        return item(task, effects, "random", hex);
    }

    tl_status from_elsewhere(Task& task, const tl_effects& effects) {
        tl_status status = TL_OK;
        std::thread other{[&] { status = item(task, effects, "thread", "{}"); }};
        other.join();
        return status;
    }

    tl_status perform(
        Task& task, const std::vector<std::string>& words, const tl_effects& effects
    ) {
        const std::string& verb = words[0];
        const auto word = [&](std::size_t i) {
            return i < words.size() ? words[i] : std::string{};
        };
        const auto number = [&](std::size_t i) {
            return std::strtoll(word(i).c_str(), nullptr, 10);
        };
        if (verb == "item") return item(task, effects, word(1), word(2));
        if (verb == "big")
            return item(
                task, effects, "big", std::string(static_cast<std::size_t>(number(1)), 'x')
            );
        if (verb == "reply") return item(task, effects, "reply", task.reply);
        if (verb == "flags") return item(task, effects, "flags", std::to_string(task.flags));
        if (verb == "variant") return item(task, effects, "variant", std::to_string(VARIANT));
        if (verb == "state") return item(task, effects, "state", state_.empty() ? "none" : state_);
        if (verb == "random") return random(task, effects, static_cast<std::uint32_t>(number(1)));
        if (verb == "http" || verb.rfind("http_bucket", 0) == 0 || verb == "http_timeout" ||
            verb == "source")
            return http(task, words, effects);
        if (verb == "upload") return upload(task, words, effects);
        if (verb == "timer") {
            return effects.timer(
                effects.ctx, task.id, static_cast<std::uint32_t>(number(1)), task.now + number(2)
            );
        }
        if (verb == "get") {
            const std::string key = word(3);
            return effects.get(
                effects.ctx,
                task.id,
                static_cast<std::uint32_t>(number(1)),
                static_cast<std::int32_t>(number(2)),
                view(key)
            );
        }
        if (verb == "put") {
            const std::string key = word(2), value = word(3);
            return effects.put(
                effects.ctx,
                task.id,
                static_cast<std::int32_t>(number(1)),
                view(key),
                view(value),
                0,
                TL_PUT_SECRET
            );
        }
        if (verb == "form") {
            const std::string json = words.size() > 2 ? word(2) : "{}";
            const auto step = static_cast<std::uint32_t>(words.size() > 1 ? number(1) : 1);
            return effects.form(effects.ctx, task.id, step, view(json));
        }
        if (verb == "route") return effects.route(effects.ctx, task.id, view("page"), view("part"));
        if (verb == "alias") return effects.alias(effects.ctx, task.id, view("new"), view("old"));
        if (verb == "health") {
            const std::string state = word(1);
            return effects.health(
                effects.ctx, task.id, view(state), view("token_dead"), view("Log in again"), 0
            );
        }
        if (verb == "answer") {
            const std::string body = word(2);
            tl_answer answer{};
            answer.size = sizeof answer;
            answer.status = static_cast<std::int32_t>(number(1));
            answer.body = view(body);
            return effects.answer(effects.ctx, task.id, &answer);
        }
        if (verb == "outcome") return outcome(task, effects, static_cast<int>(number(1)), word(2));
        if (verb == "outcome_reply") return outcome(task, effects, TL_DONE, task.reply);
        if (verb == "foreign") {
            Task other = task;
            other.id = static_cast<std::uint64_t>(number(1));
            return item(other, effects, "foreign", "{}");
        }
        if (verb == "thread") return from_elsewhere(task, effects);
        if (verb == "null") return effects.item(effects.ctx, task.id, nullptr);
        if (verb == "wild") return effects.alias(effects.ctx, task.id, {nullptr, 7}, view("x"));
        if (verb == "huge")
            return effects.alias(effects.ctx, task.id, {"x", ~std::uint64_t{0}}, view("x"));
        if (verb == "try") {
            const tl_status status = perform(task, {words.begin() + 1, words.end()}, effects);
            return item(task, effects, "try", std::to_string(status));
        }
        if (verb == "flaky") {
            if (++failures_[word(2)] <= number(1)) throw Failure{TL_E_INTERNAL};
            return TL_OK;
        }
        if (verb == "fail") throw Failure{static_cast<tl_status>(number(1))};
        if (verb == "throw") throw std::runtime_error{"scripted to throw"};
        if (verb == "crash") return *static_cast<volatile tl_status*>(nullptr);
        if (verb == "abort") std::abort();
        if (verb == "hang") {
            for (volatile bool for_ever = true; for_ever;) {
            }
        }
        if (verb == "eat") {
            for (static std::vector<std::string> eaten;;)
                eaten.emplace_back(std::size_t{1} << 20U, 'x');
        }
        if (verb == "overwrite_stack") return deeper(static_cast<int>(number(1)));
        if (verb == "print") {
            const std::string line(1024, 'x');
            for (long long i = 0; i < number(1); ++i)
                std::puts(line.c_str());
            std::fflush(stdout);
            return TL_OK;
        }
        if (verb == "complain") {
            std::fputs("scripted to complain\n", stderr);
            return TL_OK;
        }
        if (verb == "open") {
            const int file = ::open(word(1).c_str(), O_RDONLY);
            return item(task, effects, "open", file < 0 ? std::strerror(errno) : "opened");
        }
        if (verb == "connect") {
            const int end = ::socket(AF_INET, SOCK_STREAM, 0);
            return item(task, effects, "connect", end < 0 ? std::strerror(errno) : "made");
        }
        if (verb == "run") {
            const pid_t child = ::fork();
            if (child == 0) ::_exit(0);
            return item(task, effects, "run", child < 0 ? std::strerror(errno) : "forked");
        }
        if (verb == "count") {
            const auto* table =
                static_cast<const tl_metrics*>(host_->extension(host_->ctx, view(TL_EXT_METRICS)));
            const std::string name = word(1);
            return table->count(table->ctx, view(name), static_cast<std::uint64_t>(number(2)));
        }
        if (verb == "digest") {
            const auto* table =
                static_cast<const tl_crypto*>(host_->extension(host_->ctx, view(TL_EXT_CRYPTO)));
            unsigned char out[TL_SHA256_SIZE];
            const std::string text = word(1);
            (void)table->hmac_sha256(view("key"), view(text), out);
            std::string hex;
            for (const unsigned char byte : out) {
                hex += "0123456789abcdef"[byte / 16];
                hex += "0123456789abcdef"[byte % 16];
            }
            return item(task, effects, "digest", hex);
        }
        if (verb == "log") {
            log(word(1));
            return TL_OK;
        }
        throw std::logic_error{"no such verb: " + verb};
    }

    const tl_host* host_;
    std::string state_;
    std::map<std::uint64_t, Task> tasks_;
    std::map<std::string, long long> failures_;
    int lost_ = 0;
};

tl_status create(const tl_host* host, const tl_setup* setup, tl_instance** out) {
    const auto settings = text(setup->settings_json);
    if (settings == "refuse") {
        host->log(host->ctx, TL_LOG_ERROR, view("the token topsecret is bad"));
        return TL_E_BAD_CONFIG;
    }
    if (settings == "crash") std::abort();
    if (settings == "throw") throw std::runtime_error{"scripted to throw"};
    if (settings == "nothing") return TL_OK;
    if (settings == "forgetful" && setup->state.size > 0) return TL_E_BAD_STATE;
    std::string state{text(setup->state)};
    if (!state.empty()) state += "+";
    *out =
        reinterpret_cast<tl_instance*>(new Scripted{host, state + "v" + std::to_string(VARIANT)});
    return TL_OK;
}

Scripted& object(tl_instance* instance) {
    return *reinterpret_cast<Scripted*>(instance);
}

void destroy(tl_instance* instance) {
    delete &object(instance);
}

tl_status handle(
    tl_instance* instance,
    const tl_input* inputs,
    std::uint32_t n,
    std::uint32_t* done,
    const tl_effects* effects
) {
    for (std::uint32_t i = 0; i < n; ++i) {
        if (text(inputs[i].method) == "LIES") {
            *done = n + 5;
            return TL_OK;
        }
        const tl_status status = object(instance).handle(inputs[i], *effects);
        if (status != TL_OK) return status;
        *done = i + 1;
    }
    return TL_OK;
}

tl_status save(tl_instance* instance, void* context, void (*sink)(void*, tl_view)) {
    sink(context, view(object(instance).state()));
    return TL_OK;
}

template <class To, class From>
To unpromised(From function) {
    return reinterpret_cast<To>(function);
}

}  // namespace

// The one export under another name in C++, because its own declaration is noexcept, as all
// functions of the table are.
extern "C" __attribute__((visibility("default")))
const tl_plugin* scripted_entry(std::uint32_t, std::uint32_t) __asm__("tl_connector_entry");

const tl_plugin* scripted_entry(std::uint32_t, std::uint32_t) {
    static const tl_plugin kTable = [] {
        tl_plugin table{};
        table.size = sizeof(tl_plugin);
        table.abi_major = TL_ABI_MAJOR;
        table.state_schema = STATE_SCHEMA;
        table.id = view(NOTE_ID);
        table.version = view(VERSION);
        table.manifest = view(MANIFEST);
        table.create = unpromised<decltype(table.create)>(create);
        table.destroy = unpromised<decltype(table.destroy)>(destroy);
        table.handle = unpromised<decltype(table.handle)>(handle);
        table.save = unpromised<decltype(table.save)>(save);
        return table;
    }();
    return &kTable;
}
