#include "host/media/origins.hpp"

#include <charconv>

#include "host/async/on.hpp"

namespace trunkline::media {
namespace {

constexpr std::size_t kSourcesMax = 1024;
constexpr WallMs kLastsMs = 24LL * 3600 * 1000;  // a source "as long as it lasts"

bool gone_at_messenger(int status) {
    return status == 403 || status == 404 || status == 410;
}

/// What was told to open it with has run out, which says nothing of the file.
bool is_stale(int status) {
    return status == 401;
}

}  // namespace

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

async::Awaitable<Result<tasks::Source>> Origins::find(
    std::shared_ptr<accounts::Account> account, std::string ref, bool* remembered
) {
    const std::string key = account->id.text() + '\0' + ref;
    const WallMs now = clock_.wall_ms();
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
        return locate_(account, ref);
    });
    if (!source) co_return source.error();
    if (source->expires_ms == 0) source->expires_ms = now + kLastsMs;
    const std::lock_guard lock{mutex_};
    if (sources_.size() >= kSourcesMax) sources_.clear();
    sources_[key] = *source;
    co_return source;
}

void Origins::forget(const accounts::Account& account, const std::string& ref) {
    const std::lock_guard lock{mutex_};
    sources_.erase(account.id.text() + '\0' + ref);
}

async::Awaitable<Result<net::StreamedReply>> Origins::fetch(
    std::shared_ptr<accounts::Account> account, std::string ref, std::string range
) {
    for (;;) {
        bool remembered = false;
        auto source = co_await find(account, ref, &remembered);
        if (!source) co_return source.error();
        net::ClientRequest request = std::move(source->request);
        request.follow_redirects = true;
        request.reply_bytes_max = account->portal->limits().media_bytes + 1;
        if (!range.empty()) request.headers.push_back({"Range", range});
        net::StreamedReply reply = co_await clients_.here().stream(std::move(request));
        const bool stale = remembered && is_stale(reply.head.status);
        if (!stale && !gone_at_messenger(reply.head.status)) co_return reply;
        forget(*account, ref);
        // What the connector said a moment ago is the last word.
        if (!remembered) co_return Error{Fault::not_found, "the messenger no longer has it"};
    }
}

}  // namespace trunkline::media
