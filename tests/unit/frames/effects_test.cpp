// What is recorded is done again with the same arguments.
#include "host/frames/effects.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trunkline::frames {
namespace {

using ::testing::ElementsAre;

std::string text_of(tl_view view) {
    return view.size == 0 ? "" : std::string{view.data, view.size};
}
tl_view lend(std::string_view text) {
    return {text.data(), text.size()};
}

std::string to_text(const tl_pair* pairs, std::uint32_t count) {
    std::string out;
    for (std::uint32_t i = 0; i < count; ++i)
        out += text_of(pairs[i].name) + "=" + text_of(pairs[i].value) + ";";
    return out;
}

std::string to_text(const tl_http& http) {
    std::string out = std::to_string(http.flags) + " " + text_of(http.method) + " " +
                      text_of(http.url) + " " + to_text(http.headers, http.header_count) + " ";
    for (std::uint32_t i = 0; i < http.part_count; ++i) {
        const tl_part& part = http.parts[i];
        for (const tl_view view : {part.name, part.filename, part.mime, part.bytes, part.file})
            out += text_of(view) + ",";
        out += std::to_string(part.flags) + ";";
    }
    return out + " " + text_of(http.body) + " " + std::to_string(http.timeout_ms) + " " +
           std::to_string(http.reply_max) + " " + text_of(http.bucket);
}

/// Writes down every call with all that it was given.
struct Listener {
    Listener() {
        table.size = sizeof table;
        table.ctx = this;
        table.http = [](void* c, std::uint64_t t, std::uint32_t s, const tl_http* h) noexcept {
            return of(c, t, "http " + std::to_string(s) + " " + to_text(*h));
        };
        table.timer = [](void* c, std::uint64_t t, std::uint32_t s, std::int64_t due) noexcept {
            return of(c, t, "timer " + std::to_string(s) + " " + std::to_string(due));
        };
        table.form = [](void* c, std::uint64_t t, std::uint32_t s, tl_view json) noexcept {
            return of(c, t, "form " + std::to_string(s) + " " + text_of(json));
        };
        table.get = [](void* c, std::uint64_t t, std::uint32_t s, std::int32_t scope, tl_view key
                    ) noexcept {
            return of(
                c, t, "get " + std::to_string(s) + " " + std::to_string(scope) + " " + text_of(key)
            );
        };
        table.put = [](void* c,
                       std::uint64_t t,
                       std::int32_t scope,
                       tl_view key,
                       tl_view value,
                       std::int64_t expires,
                       std::uint32_t flags) noexcept {
            return of(
                c,
                t,
                "put " + std::to_string(scope) + " " + text_of(key) + " " + text_of(value) + " " +
                    std::to_string(expires) + " " + std::to_string(flags)
            );
        };
        table.item = [](void* c, std::uint64_t t, const tl_item* item) noexcept {
            std::string text = "item " + std::to_string(item->flags);
            for (const tl_view view :
                 {item->conversation, item->dedup, item->json, item->raw, item->note})
                text += " " + text_of(view);
            return of(c, t, text);
        };
        table.route = [](void* c, std::uint64_t t, tl_view key, tl_view body) noexcept {
            return of(c, t, "route " + text_of(key) + " " + text_of(body));
        };
        table.alias = [](void* c, std::uint64_t t, tl_view to, tl_view from) noexcept {
            return of(c, t, "alias " + text_of(to) + " " + text_of(from));
        };
        table.source = [](void* c, std::uint64_t t, const tl_http* h, std::int64_t until) noexcept {
            return of(c, t, "source " + std::to_string(until) + " " + to_text(*h));
        };
        table.health = [](void* c,
                          std::uint64_t t,
                          tl_view state,
                          tl_view code,
                          tl_view text,
                          std::int64_t until) noexcept {
            return of(
                c,
                t,
                "health " + text_of(state) + " " + text_of(code) + " " + text_of(text) + " " +
                    std::to_string(until)
            );
        };
        table.answer = [](void* c, std::uint64_t t, const tl_answer* answer) noexcept {
            return of(
                c,
                t,
                "answer " + std::to_string(answer->status) + " " +
                    to_text(answer->headers, answer->header_count) + " " + text_of(answer->body)
            );
        };
        table.outcome = [](void* c, std::uint64_t t, const tl_outcome* outcome) noexcept {
            return of(
                c,
                t,
                "outcome " + std::to_string(outcome->kind) + " " +
                    std::to_string(outcome->delay_ms) + " " + std::to_string(outcome->scope) + " " +
                    text_of(outcome->value) + " " + text_of(outcome->code) + " " +
                    text_of(outcome->text)
            );
        };
    }
    static tl_status of(void* context, std::uint64_t task, const std::string& text) {
        static_cast<Listener*>(context)->heard.push_back(std::to_string(task) + " " + text);
        return TL_OK;
    }
    tl_effects table{};
    std::vector<std::string> heard;
};

EffectWriter all_of_them() {
    EffectWriter out;
    const tl_pair headers[]{{lend("h"), lend("v")}, {lend("i"), lend("w")}};
    tl_part part{};
    part.name = lend("p");
    part.file = lend("f");
    part.flags = TL_PART_BASE64;
    tl_http http{};
    http.size = sizeof http;
    http.flags = TL_HTTP_ONCE;
    http.method = lend("POST");
    http.url = lend("http://m/");
    http.headers = headers;
    http.header_count = 2;
    http.timeout_ms = 9;
    http.reply_max = 10;
    out.http(0, 1, 1, http);
    http.parts = &part;
    http.part_count = 1;
    http.bucket = lend("b");
    out.http(0, 1, 2, http);
    out.timer(0, 1, 3, -7);
    out.form(0, 1, 4, lend("{}"));
    out.get(1, 2, 1, TL_CONNECTOR, lend("key"));
    out.put(1, 2, TL_ACCOUNT, lend("key"), lend("value"), 11, TL_PUT_SECRET);
    tl_item item{};
    item.flags = TL_ITEM_HISTORY;
    item.conversation = lend("c");
    item.dedup = lend("d");
    item.json = lend("{}");
    item.note = lend("n");
    out.item(2, 3, item);
    out.route(2, 3, lend("page"), lend("part"));
    out.alias(2, 3, lend("new"), lend("old"));
    http.part_count = 0;
    http.body = lend("body");
    out.source(2, 3, http, 12);
    out.health(2, 3, lend("ok"), lend("code"), lend("text"), 13);
    tl_answer answer{};
    answer.status = 201;
    answer.headers = headers;
    answer.header_count = 1;
    answer.body = lend("thanks");
    out.answer(2, 3, answer);
    tl_outcome outcome{};
    outcome.kind = TL_RETRY;
    outcome.delay_ms = 14;
    outcome.scope = TL_ACCOUNT;
    outcome.value = lend("v");
    outcome.code = lend("c");
    outcome.text = lend("t");
    out.outcome(3, 4, outcome);
    return out;
}

TEST(EffectFramesTest, EveryEffectIsDoneAgainAsItWas) {
    const EffectWriter written = all_of_them();
    Listener listener;
    std::vector<std::uint32_t> inputs;
    EffectReader reader{written.bytes()};
    while (reader.next()) {
        inputs.push_back(reader.input());
        EXPECT_EQ(reader.perform(listener.table), TL_OK);
    }
    EXPECT_FALSE(reader.failed());
    EXPECT_THAT(inputs, ElementsAre(0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 3));
    EXPECT_THAT(
        listener.heard,
        ElementsAre(
            "1 http 1 1 POST http://m/ h=v;i=w;   9 10 ",
            "1 http 2 1 POST http://m/ h=v;i=w; p,,,,f,1;  9 10 b",
            "1 timer 3 -7",
            "1 form 4 {}",
            "2 get 1 2 key",
            "2 put 1 key value 11 1",
            "3 item 2 c d {}  n",
            "3 route page part",
            "3 alias new old",
            "3 source 12 1 POST http://m/ h=v;i=w;  body 9 10 b",
            "3 health ok code text 13",
            "3 answer 201 h=v; thanks",
            "4 outcome 1 14 1 v c t"
        )
    );
}

TEST(EffectFramesTest, WhatIsCutIsNoticed) {
    const EffectWriter written = all_of_them();
    const std::string_view bytes = written.bytes();
    std::size_t whole = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EffectReader reader{bytes.substr(0, size)};
        while (reader.next()) {
        }
        whole += reader.failed() ? 0U : 1U;
    }
    EXPECT_EQ(whole, 13u) << "only between two effects, and at the beginning";
}

TEST(EffectFramesTest, AnyBytesAreReadWithoutHarm) {
    std::mt19937_64 random{20261126};
    const EffectWriter written = all_of_them();
    std::size_t heard = 0;
    for (int round = 0; round < 50'000; ++round) {
        std::string bytes;
        if (round % 2 == 0) {
            bytes.resize(random() % 300);
            for (char& byte : bytes)
                byte = static_cast<char>(random() % 16);
        } else {
            bytes = written.bytes();
            for (std::uint64_t i = random() % 4 + 1; i > 0; --i)
                bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        Listener listener;
        EffectReader reader{bytes};
        while (reader.next())
            (void)reader.perform(listener.table);
        heard += listener.heard.size();
    }
    EXPECT_GT(heard, 0u);
}

}  // namespace
}  // namespace trunkline::frames
