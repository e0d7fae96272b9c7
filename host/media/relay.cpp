#include "host/media/relay.hpp"

#include <charconv>

#include <spdlog/spdlog.h>

#include "host/async/on.hpp"
#include "host/net/range.hpp"

namespace trunkline::media {
namespace {

constexpr std::size_t kSourcesMax = 1024;
constexpr WallMs kLastsMs = 24LL * 3600 * 1000;  // a source "as long as it lasts"

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

/// How large the whole file is, of which the answer may be a part (RFC 9110 section 14.4).
std::optional<std::uint64_t> whole_size(const net::StreamedReply& reply) {
    if (reply.head.status == 200) return reply.body->size();
    const std::string_view range = net::find_header(reply.head.headers, "Content-Range");
    const std::size_t slash = range.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view text = range.substr(slash + 1);
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return size;
}

bool gone_at_messenger(int status) {
    return status == 403 || status == 404 || status == 410;
}

bool shown_inline(std::string_view mime) {
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

net::Response gone() {
    return net::problem(404, "not_found", "no such file, or its link has run out");
}

/// Why a connector's file cannot be had.
net::Response refusal(const Error& error) {
    if (error.fault == Fault::rejected || error.fault == Fault::not_found)
        return net::problem(404, "not_found", error.context);
    if (error.fault == Fault::account_broken)
        return net::problem(502, "account_broken", "the account needs a person");
    if (error.pause.count() == 0)
        return net::problem(502, "unavailable", "the messenger did not say where the file is");
    net::Response response = net::problem(503, "unavailable", "the messenger asks to wait");
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.pause);
    response.headers.push_back({"Retry-After", std::to_string(seconds.count())});
    return response;
}

}  // namespace

async::Awaitable<Result<tasks::Source>> Relay::find_source(
    std::shared_ptr<accounts::Account> account, std::string ref, bool* remembered
) {
    const std::string key = account->id.text() + '\0' + ref;
    const WallMs now = services_.clock.wall_ms();
    *remembered = false;
    {
        const std::lock_guard lock{mutex_};
        const auto at = sources_.find(key);
        if (at != sources_.end() && at->second.expires_ms > now) {
            *remembered = true;
            co_return at->second;
        }
    }
    auto source = co_await async::on(account->loop.get_executor(), [this, &account, &ref] {
        return services_.locate(account, ref);
    });
    if (!source) co_return source.error();
    if (source->expires_ms == 0) source->expires_ms = now + kLastsMs;
    const std::lock_guard lock{mutex_};
    if (sources_.size() >= kSourcesMax) sources_.clear();
    sources_[key] = *source;
    co_return source;
}

void Relay::forget_source(const accounts::Account& account, const std::string& ref) {
    const std::lock_guard lock{mutex_};
    sources_.erase(account.id.text() + '\0' + ref);
}

async::Awaitable<Result<net::StreamedReply>> Relay::fetch(
    std::shared_ptr<accounts::Account> account, std::string ref, std::string range
) {
    for (;;) {
        bool remembered = false;
        auto source = co_await find_source(account, ref, &remembered);
        if (!source) co_return source.error();
        net::ClientRequest request = std::move(source->request);
        request.follow_redirects = true;
        request.reply_bytes_max = account->portal->limits.media_bytes + 1;
        if (!range.empty()) request.headers.push_back({"Range", range});
        net::StreamedReply reply = co_await services_.clients.here().stream(std::move(request));
        if (!gone_at_messenger(reply.head.status)) co_return reply;
        forget_source(*account, ref);
        // What the connector said a moment ago is the last word.
        if (!remembered) co_return Error{Fault::not_found, "the messenger no longer has it"};
    }
}

async::Awaitable<net::Response> Relay::own_file(Link link, std::string range_header) {
    auto file = co_await services_.files.find(link.ref);
    if (!file) co_return gone();
    bool unsatisfiable = false;
    const auto range = net::parse_range(range_header, file->size, &unsatisfiable);
    net::Response response;
    response.headers.push_back({"Accept-Ranges", "bytes"});
    if (unsatisfiable) {
        response.status = 416;
        response.headers.push_back({"Content-Range", "bytes */" + std::to_string(file->size)});
        co_return response;
    }
    const std::uint64_t from = range ? range->first : 0;
    const std::uint64_t count = range ? range->count() : file->size;
    const auto open = [this, &link] { return services_.files.bytes(link.ref); };
    auto bytes = co_await services_.pool.run(open);
    if (!bytes || bytes->size() != file->size) co_return gone();
    if (range) {
        response.status = 206;
        response.headers.push_back({"Content-Range", range->content_range(file->size)});
    }
    describe(response, link.mime, file->name);
    response.stream = std::make_unique<FileSource>(std::move(bytes), from, count, services_.pool);
    co_return response;
}

async::Awaitable<net::Response> Relay::get(
    std::string token, std::string name, net::Request request
) {
    const std::string range{request.head.header("Range")};
    const auto link = services_.links.open(token, services_.clock.wall_ms());
    if (!link) co_return gone();
    if (link->account.empty()) {
        auto response = co_await own_file(*link, range);
        co_return response;
    }
    auto account = services_.directory.account(link->account.text());
    if (!account) co_return gone();
    auto fetched = co_await fetch(account, link->ref, range);
    if (!fetched) co_return refusal(fetched.error());
    net::StreamedReply reply = *std::move(fetched);
    const int status = reply.head.status;
    if (status != 200 && status != 206 && status != 416) {
        spdlog::warn(
            "media.relay_failed account={} status={} reason={}",
            link->account.text(),
            status,
            reply.head.reason
        );
        co_return net::problem(502, "unavailable", "the messenger did not give the file");
    }
    const std::uint64_t most = account->portal->limits.media_bytes;
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
    describe(response, link->mime.empty() ? std::string{told} : link->mime, name);
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
