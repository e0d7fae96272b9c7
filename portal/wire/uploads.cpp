#include "portal/wire/uploads.hpp"

#include <spdlog/spdlog.h>

#include "host/base/ulid.hpp"
#include "portal/fields.hpp"

namespace trunkline::portal::wire {

namespace {

constexpr std::chrono::milliseconds kLookEvery{60'000};

struct Done {};

/// What a `media` command answers: the id to name in messages, and where the bytes go.
struct Granted {
    std::string media, address;
};

Granted granted(const CommandResult& result) {
    const auto& media = object_of(result.answer, "media");
    return {text_of(media, "id"), text_of(media, "put")};
}

}  // namespace

Uploads::Uploads(
    async::Loop& loop,
    std::string folder,
    store::Store& store,
    HostDoor& door,
    const Clock& clock,
    std::function<void()> told
)
    : folder_{std::move(folder)},
      store_{store},
      door_{door},
      clock_{clock},
      told_{std::move(told)},
      wake_{loop} {}

void Uploads::stop() {
    stopping_ = true;
    wake_.call();
}

async::Awaitable<> Uploads::run() {
    while (!stopping_) {
        const auto round = co_await upload_round();
        if (round == Round::progress) backoff_.succeeded();
        if (round == Round::idle) co_await wake_.wait(kLookEvery);
        if (round != Round::trouble) continue;
        const auto until = clock_.steady() + backoff_.next({});
        while (!stopping_ && clock_.steady() < until) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(until - clock_.steady());
            co_await wake_.wait(left + std::chrono::milliseconds{1});
        }
    }
}

async::Awaitable<Uploads::Round> Uploads::upload_round() {
    auto query = [](store::Database& database) -> Result<std::vector<store::FileToSend>> {
        return store::files_to_send(database, 1);
    };
    auto files = co_await store_.read(std::move(query));
    if (!files) co_return Round::trouble;
    if (files->empty()) co_return Round::idle;
    auto file = std::move(files->front());
    auto round = co_await announce(std::move(file));
    co_return round;
}

async::Awaitable<Uploads::Round> Uploads::announce(store::FileToSend file) {
    // A fresh id each time: an address that was used up by a broken PUT must not come back as the
    // remembered answer.
    const auto id = "f-" + make_ulid(clock_.wall_ms()).text();
    json::object media{
        {"name", file.name}, {"mime", file.mime}, {"size", file.size}, {"sha256", file.sha256}};
    json::object command{
        {"id", id}, {"type", "media"}, {"account", file.account}, {"media", std::move(media)}};
    json::array commands;
    commands.push_back(std::move(command));
    auto answer = co_await door_.send(std::move(commands));
    if (answer.kind == HostAnswer::Kind::not_understood ||
        answer.kind == HostAnswer::Kind::too_large) {
        auto round = co_await refuse(file.id, "not_understood", answer.reason);
        co_return round;
    }
    if (answer.kind != HostAnswer::Kind::answered || answer.results.size() != 1 ||
        answer.results[0].id != id) {
        spdlog::warn("upload.retry file={} reason={}", file.id, answer.reason);
        co_return Round::trouble;
    }
    const auto& result = answer.results[0];
    if (!result.accepted) {
        auto round = co_await refuse(file.id, result.code, result.message);
        co_return round;
    }
    auto grant = granted(result);
    if (grant.media.empty() || grant.address.empty()) {
        spdlog::warn("upload.no_address file={}", file.id);
        co_return Round::trouble;
    }
    auto round =
        co_await transfer(std::move(file), std::move(grant.media), std::move(grant.address));
    co_return round;
}

async::Awaitable<Uploads::Round> Uploads::transfer(
    store::FileToSend file, std::string media, std::string address
) {
    PutFile put;
    put.url = std::move(address);
    put.path = folder_ + "/" + file.id;
    put.mime = file.mime;
    put.size = file.size;
    auto arrived = co_await door_.put(std::move(put));
    if (!arrived && arrived.error().fault != Fault::unavailable) {
        auto round = co_await refuse(file.id, "file_refused", "the host does not take this file");
        co_return round;
    }
    if (!arrived) {
        spdlog::warn("upload.retry file={} reason={}", file.id, arrived.error().context);
        co_return Round::trouble;
    }
    auto work = [id = file.id,
                 media = std::move(media)](store::Database& database) -> Result<Done> {
        store::file_at_host(database, id, media);
        return Done{};
    };
    auto kept = co_await store_.write(std::move(work));
    if (!kept) co_return Round::trouble;
    told_();
    co_return Round::progress;
}

async::Awaitable<Uploads::Round> Uploads::refuse(
    std::string file, std::string code, std::string why
) {
    auto work = [file = std::move(file),
                 code = std::move(code),
                 why = std::move(why)](store::Database& database) -> Result<Done> {
        store::file_refused(database, file, code, why);
        return Done{};
    };
    auto kept = co_await store_.write(std::move(work));
    if (!kept) co_return Round::trouble;
    told_();
    co_return Round::progress;
}

}  // namespace trunkline::portal::wire
