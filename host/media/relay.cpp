#include "host/media/relay.hpp"

#include <algorithm>
#include <charconv>

#include <spdlog/spdlog.h>

#include "host/net/range.hpp"

namespace trunkline::media {
namespace {

/// A body that is cut where it becomes larger than it may be, so that nobody takes its beginning
/// for all of it.
class Bounded final : public net::BodySource {
public:
    Bounded(std::unique_ptr<net::BodySource> from, std::uint64_t most)
        : from_{std::move(from)}, left_{most} {}
    std::optional<std::uint64_t> size() const override { return from_->size(); }
    async::Awaitable<Result<std::string>> read() override {
        auto piece = co_await from_->read();
        if (piece && piece->size() > left_)
            co_return Error{Fault::rejected, "the file is larger than its portal takes"};
        if (piece) left_ -= piece->size();
        co_return piece;
    }

private:
    std::unique_ptr<net::BodySource> from_;
    std::uint64_t left_;
};

bool shown_inline(std::string mime) {
    std::transform(mime.begin(), mime.end(), mime.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    // SVG is an image that can run script, so it is never shown from our address.
    return (mime.starts_with("image/") && mime != "image/svg+xml") || mime.starts_with("audio/") ||
           mime.starts_with("video/");
}

bool is_mime(std::string_view mime) {
    if (mime.empty() || mime.size() > 127 || mime.find('/') == std::string_view::npos) return false;
    return std::all_of(mime.begin(), mime.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '/' || c == '.' || c == '+' || c == '-';
    });
}

void describe(net::Response& response, const std::string& mime, const std::string& name) {
    const std::string type = is_mime(mime) ? mime : "application/octet-stream";
    response.headers.push_back({"Content-Type", type});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    response.headers.push_back({"Content-Security-Policy", "default-src 'none'; sandbox"});
    response.headers.push_back({"Cache-Control", "private, max-age=3600"});
    response.headers.push_back(
        {"Content-Disposition",
         (shown_inline(type) ? "inline; filename=\"" : "attachment; filename=\"") +
             safe_name(name, mime) + "\""}
    );
}

net::Response no_such_file() {
    return net::problem(404, "not_found", "no such file, or its link has run out");
}

/// The messenger keeps it no longer, and there is no copy.
net::Response expired(WallMs died_ms) {
    return net::problem(410, "expired", "the messenger kept this file until " + rfc3339(died_ms));
}

/// Why a connector's file cannot be had.
net::Response refusal(const Error& error) {
    if (error.fault == Fault::rejected || error.fault == Fault::not_found)
        return net::problem(404, "gone", error.context);
    if (error.fault == Fault::account_broken)
        return net::problem(502, "account_broken", "the account needs a person");
    if (error.pause.count() == 0)
        return net::problem(502, "unavailable", "the messenger did not say where the file is");
    net::Response response = net::problem(503, "unavailable", "the messenger asks to wait");
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.pause);
    response.headers.push_back({"Retry-After", std::to_string(seconds.count())});
    return response;
}

/// The messenger's file server gave no file.
net::Response no_answer(const net::ClientReply& reply) {
    if (reply.status == 0 && reply.timed_out)
        return net::problem(504, "too_slow", "the messenger did not give the file in time");
    return net::problem(502, "unavailable", "the messenger did not give the file");
}

}  // namespace

async::Awaitable<net::Response> Relay::from_disk(
    std::shared_ptr<const net::FileBytes> bytes,
    std::string range_header,
    std::string mime,
    std::string name
) {
    const std::uint64_t size = bytes->size();
    bool unsatisfiable = false;
    const auto range = net::parse_range(range_header, size, &unsatisfiable);
    net::Response response;
    response.headers.push_back({"Accept-Ranges", "bytes"});
    if (unsatisfiable) {
        response.status = 416;
        response.headers.push_back({"Content-Range", "bytes */" + std::to_string(size)});
        co_return response;
    }
    const std::uint64_t from = range ? range->first : 0;
    const std::uint64_t count = range ? range->count() : size;
    if (range) {
        response.status = 206;
        response.headers.push_back({"Content-Range", range->content_range(size)});
    }
    describe(response, mime, name);
    response.stream = std::make_unique<FileSource>(std::move(bytes), from, count, services_.pool);
    co_return response;
}

async::Awaitable<net::Response> Relay::own_file(Link link, std::string range) {
    auto file = co_await services_.files.find(link.ref);
    if (!file) co_return no_such_file();
    const auto open = [this, &link] { return services_.files.bytes(link.ref); };
    auto bytes = co_await services_.pool.run(open);
    if (!bytes || bytes->size() != file->size) co_return no_such_file();
    auto response =
        co_await from_disk(std::move(bytes), std::move(range), link.mime, std::move(file->name));
    co_return response;
}

/// Only files that die at their messenger are copied, so nobody looks for copies of others.
async::Awaitable<std::shared_ptr<const net::FileBytes>> Relay::copy_of(Link link) {
    if (link.dies_ms == 0) co_return nullptr;
    auto copy = co_await services_.copies.find(link.account, link.ref);
    if (!copy) {
        spdlog::error("media.copy_unreadable reason={}", copy.error().context);
        co_return nullptr;
    }
    if (!*copy) co_return nullptr;
    const auto open = [this, &copy] { return services_.copies.bytes(**copy); };
    auto bytes = co_await services_.pool.run(open);
    co_return bytes;
}

async::Awaitable<net::Response> Relay::get(
    std::string token, std::string name, net::Request request
) {
    std::string range{request.head.header("Range")};
    const auto link = services_.links.open(token, services_.clock.wall_ms());
    if (!link) co_return no_such_file();
    if (link->account.empty()) {
        auto response = co_await own_file(*link, std::move(range));
        co_return response;
    }
    auto account = services_.directory.account(link->account.text());
    if (!account) co_return no_such_file();
    auto copy = co_await copy_of(*link);
    if (copy) {
        auto response =
            co_await from_disk(std::move(copy), std::move(range), link->mime, std::move(name));
        co_return response;
    }
    if (link->dies_ms != 0 && link->dies_ms <= services_.clock.wall_ms())
        co_return expired(link->dies_ms);
    auto response =
        co_await from_messenger(std::move(account), *link, std::move(range), std::move(name));
    co_return response;
}

async::Awaitable<net::Response> Relay::from_messenger(
    std::shared_ptr<accounts::Account> account, Link link, std::string range, std::string name
) {
    auto fetched = co_await services_.origins.fetch(account, link.ref, std::move(range));
    if (!fetched) co_return refusal(fetched.error());
    net::StreamedReply reply = *std::move(fetched);
    const int status = reply.head.status;
    if (status != 200 && status != 206 && status != 416) {
        spdlog::warn(
            "media.relay_failed account={} status={} reason={}",
            link.account.text(),
            status,
            reply.head.reason
        );
        co_return no_answer(reply.head);
    }
    const std::uint64_t most = account->portal->limits().media_bytes;
    if (whole_size(reply).value_or(0) > most)
        co_return net::problem(
            413, "too_large", "the file is larger than its portal takes (limits.media_bytes)"
        );
    net::Response response;
    response.status = status;
    for (const char* header : {"Content-Range", "Accept-Ranges", "ETag", "Last-Modified"}) {
        const std::string_view value = net::find_header(reply.head.headers, header);
        if (!value.empty()) response.headers.push_back({header, std::string{value}});
    }
    const std::string_view told = net::find_header(reply.head.headers, "Content-Type");
    // What the event says comes first: messengers call most downloads octet-stream.
    describe(response, link.mime.empty() ? std::string{told} : link.mime, name);
    response.stream = std::make_unique<Bounded>(std::move(reply.body), most);
    co_return response;
}

async::Awaitable<net::Response> Relay::put(std::string token, net::Request request) {
    std::optional<std::uint64_t> length;
    const std::string_view header = request.head.header("Content-Length");
    if (!header.empty()) {
        std::uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(header.data(), header.data() + header.size(), value);
        if (error == std::errc{} && end == header.data() + header.size()) length = value;
    }
    net::BodyReader* body = request.stream;
    Pieces pieces = [body] { return body->read(); };
    auto filled = co_await services_.files.fill(std::move(token), length, std::move(pieces));
    if (filled) {
        net::Response response;
        response.status = 204;
        co_return response;
    }
    switch (filled.error().fault) {
        case Fault::not_found:
            co_return net::problem(404, "not_found", filled.error().context);
        case Fault::malformed:
            co_return net::problem(422, "malformed", filled.error().context);
        case Fault::rejected:
        case Fault::throttled:
            co_return net::problem(413, "too_large", filled.error().context);
        default:
            break;
    }
    net::Response response = net::problem(503, "unavailable", "the file could not be kept");
    response.headers.push_back({"Retry-After", "5"});
    co_return response;
}

}  // namespace trunkline::media
