#include "portal/wire/host_client.hpp"

#include <charconv>

#include <boost/json/serialize.hpp>

#include "host/base/ulid.hpp"
#include "portal/fields.hpp"
#include "portal/wire/disk_bytes.hpp"

namespace trunkline::portal::wire {

namespace {

std::chrono::milliseconds retry_after(const net::Headers& headers) {
    const auto text = net::find_header(headers, "retry-after");
    int seconds = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (failure != std::errc{} || end != text.data() + text.size() || seconds < 1) return {};
    return std::chrono::seconds{std::min(seconds, 3600)};
}

HostAnswer of_kind(HostAnswer::Kind kind, std::string reason) {
    HostAnswer answer;
    answer.kind = kind;
    answer.reason = std::move(reason);
    return answer;
}

}  // namespace

HostAnswer read_answer(const net::ClientReply& reply) {
    using Kind = HostAnswer::Kind;
    if (reply.status == 0) {
        const bool maybe = reply.fault == Fault::unknown;
        return of_kind(maybe ? Kind::may_have_arrived : Kind::nothing_arrived, reply.reason);
    }
    const auto status = "status " + std::to_string(reply.status);
    if (reply.status == 413) return of_kind(Kind::too_large, status);
    if (reply.status == 400 || reply.status == 422) {
        auto problem = parse_object(reply.body);
        auto detail = problem ? text_of(*problem, "detail") : std::string{};
        return of_kind(Kind::not_understood, detail.empty() ? status : shortened(detail, 300));
    }
    if (reply.status < 200 || reply.status > 299) {
        auto answer = of_kind(Kind::nothing_arrived, status);
        answer.pause = retry_after(reply.headers);
        return answer;
    }
    auto parsed = parse_object(reply.body);
    // A 2xx that is not the host's answer (a proxy's page) proves nothing either way.
    if (!parsed || !parsed->contains("results"))
        return of_kind(Kind::may_have_arrived, "no results in the answer");
    HostAnswer answer;
    answer.kind = Kind::answered;
    for (const auto& value : array_of(*parsed, "results")) {
        if (!value.is_object()) continue;
        const auto& entry = value.get_object();
        const auto said = text_of(entry, "status");
        if (said != "accepted" && said != "rejected") continue;
        const auto& error = object_of(entry, "error");
        CommandResult result;
        result.id = text_of(entry, "id");
        result.accepted = said == "accepted";
        result.code = text_of(error, "code");
        result.message = text_of(error, "message");
        result.answer = entry;
        answer.results.push_back(std::move(result));
    }
    return answer;
}

HostClient::HostClient(
    HostClientOptions options, seal::Sealer sealer, net::Client& client, const Clock& clock
)
    : options_{std::move(options)}, sealer_{std::move(sealer)}, client_{client}, clock_{clock} {}

async::Awaitable<HostAnswer> HostClient::send(json::array commands) {
    const auto now = clock_.wall_ms();
    json::object request;
    request["commands"] = std::move(commands);
    const auto plain = json::serialize(request);
    auto sealed = sealer_.seal(plain, "application/json", true, make_ulid(now).text(), now);

    net::ClientRequest post;
    post.method = "POST";
    post.url = options_.url + "/v1/portals/" + options_.portal + "/commands";
    post.headers.push_back({"Content-Type", std::move(sealed.content_type)});
    post.headers.push_back({"webhook-id", std::move(sealed.id)});
    post.headers.push_back({"webhook-timestamp", std::move(sealed.timestamp)});
    post.headers.push_back({"webhook-signature", std::move(sealed.signature)});
    post.body = std::move(sealed.body);
    post.allow_private = options_.allow_private;
    auto reply = co_await client_.fetch(std::move(post));
    co_return read_answer(reply);
}

async::Awaitable<Result<void>> HostClient::put(PutFile file) {
    net::ClientRequest put;
    put.method = "PUT";
    put.url = file.url;
    put.headers.push_back({"Content-Type", file.mime});
    net::Part part;
    part.file = DiskBytes::open(file.path);
    if (!part.file) co_return Error{Fault::account_broken, "put file: it cannot be read here"};
    put.parts.push_back(std::move(part));
    put.joined = true;
    put.allow_private = options_.allow_private;
    // A slow line gets 64 KiB/s worth of patience.
    put.timeout = std::chrono::seconds{60 + file.size / (64 * 1024)};
    auto reply = co_await client_.fetch(std::move(put));
    if (reply.status >= 200 && reply.status <= 299) co_return Result<void>{};
    const auto why = reply.status == 0 ? reply.reason : "status " + std::to_string(reply.status);
    const bool for_good = reply.status == 0
                              ? reply.fault == Fault::rejected
                              : reply.status == 413 || reply.status == 422 || reply.status == 415;
    co_return Error{for_good ? Fault::rejected : Fault::unavailable, "put file: " + why};
}

}  // namespace trunkline::portal::wire
