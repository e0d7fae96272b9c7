#include "host/net/client.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "host/base/assert.hpp"
#include "host/net/curl_driver.hpp"
#include "host/net/host_places.hpp"
#include "host/net/transfer.hpp"
#include "host/net/url.hpp"

namespace trunkline::net {

namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr int kRedirectsMax = 5;

// What the client and the coroutines it started share; see CurlDriver for why it is shared.
struct ClientCore {
    ClientCore(async::Executor where, AddressGuard which)
        : loop{where},
          guard{std::move(which)},
          guarded{CurlDriver::make(where)},
          open{CurlDriver::make(where)},
          places{std::make_shared<HostPlaces>(where)} {}

    async::Executor loop;
    AddressGuard guard;
    // Two, because a kept connection is not asked for its address again: one made where private
    // addresses were allowed must never serve a request where they are not.
    std::shared_ptr<CurlDriver> guarded;
    std::shared_ptr<CurlDriver> open;
    std::shared_ptr<HostPlaces> places;
    bool closed = false;
    std::uint64_t requests = 0;
    std::uint64_t failures = 0;
    std::uint64_t in_flight = 0;
};
using Core = std::shared_ptr<ClientCore>;

struct InFlight {
    explicit InFlight(Core held) : core{std::move(held)} {
        ++core->requests;
        ++core->in_flight;
    }
    ~InFlight() { --core->in_flight; }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;
    Core core;
};

// One exchange under way with all that it needs to stay alive; dies in the order transfer, place.
struct Exchange {
    Exchange(Core held, ClientRequest what, Url url)
        : core{std::move(held)},
          request{std::move(what)},
          in_flight{core},
          transfer{
              request.allow_private ? core->open : core->guarded,
              core->guard,
              request,
              std::move(url)} {}

    Core core;
    ClientRequest request;
    InFlight in_flight;
    std::optional<HostPlaces::Place> place;
    Transfer transfer;
};

ClientReply failure(Fault fault, std::string reason) {
    ClientReply reply;
    reply.fault = fault;
    reply.reason = std::move(reason);
    return reply;
}

std::string late_reason(std::chrono::milliseconds timeout) {
    return "time-out after " + std::to_string(timeout.count()) + " ms, waiting for a free place";
}

// Runs up to the reply's head (streamed) or end. `out` is the reply; the exchange is returned for
// reading on.
async::Awaitable<std::unique_ptr<Exchange>> exchange(
    Core core, ClientRequest request, Url url, Time deadline, bool streamed, ClientReply* out
) {
    const auto key = url.authority();
    const auto most = request.in_flight_per_host_max;
    const auto timeout = request.timeout;
    std::optional<HostPlaces::Place> place;
    if (core->closed) {
        *out = failure(Fault::cancelled, "the client is closed");
        co_return nullptr;
    }
    if (most > 0) {
        const auto outcome = co_await core->places->enter(key, most, deadline);
        switch (outcome) {
            case HostPlaces::Outcome::granted:
                place.emplace(core->places, key);
                break;
            case HostPlaces::Outcome::late:
                *out = failure(Fault::unavailable, late_reason(timeout));
                break;
            case HostPlaces::Outcome::crowded:
                *out = failure(Fault::unavailable, "too many requests wait for " + key);
                break;
            case HostPlaces::Outcome::cancelled:
                *out = failure(Fault::cancelled, "cancelled");
                break;
        }
        if (!place) co_return nullptr;
        if (core->closed) {
            *out = failure(Fault::cancelled, "the client is closed");
            co_return nullptr;
        }
    }
    auto running = std::make_unique<Exchange>(core, std::move(request), std::move(url));
    if (place) running->place.emplace(std::move(*place));
    place.reset();
    if (running->transfer.start(streamed)) {
        if (streamed) {
            co_await running->transfer.wait_head(deadline);
        } else {
            co_await running->transfer.wait_done(deadline);
        }
    }
    *out = running->transfer.take_reply();
    if (out->status == 0 && out->reason.starts_with("time-out (")) {
        out->reason.insert(8, " after " + std::to_string(timeout.count()) + " ms");
    }
    co_return running;
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// What may be said to a host that the caller did not name. A list of what is harmless, because no
// list of what is secret is ever complete: messengers call their tokens as they like.
bool may_travel(std::string_view header) {
    constexpr std::array<std::string_view, 4> kHarmless{
        "accept", "accept-encoding", "range", "user-agent"};
    return std::ranges::any_of(kHarmless, [&](std::string_view name) {
        return equal_ignoring_case(header, name);
    });
}

// Turns the request into the one that `reply` points to. Fails when it points nowhere we go.
Result<Url> follow(ClientRequest& request, const Url& from, const ClientReply& reply) {
    const auto target = resolve_reference(from, find_header(reply.headers, "location"));
    if (!target) return Error{Fault::rejected, "redirect: " + target.error().context};
    auto to = parse_url(*target);
    if (!to) return to.error();
    const bool drop_body = reply.status == 303 ||
                           (reply.status != 307 && reply.status != 308 && request.method == "POST");
    if (drop_body && request.method != "HEAD") {  // RFC 9110 section 15.4
        request.method = "GET";
        request.body.clear();
        request.parts.clear();
        std::erase_if(request.headers, [](const Header& h) {
            return equal_ignoring_case(h.name, "content-type");
        });
    }
    if (!to->same_origin(from)) {
        if (!request.body.empty() || !request.parts.empty())
            return Error{Fault::rejected, "redirect: a body does not go on to another origin"};
        request.allow_private = false;  // was said of the first destination only
        std::erase_if(request.headers, [](const Header& h) { return !may_travel(h.name); });
    }
    return to;
}

async::Awaitable<std::unique_ptr<Exchange>> run(
    Core core, ClientRequest request, bool streamed, ClientReply* out
) {
    TRUNKLINE_ASSERT(core->loop.running_in_this_thread());
    const auto deadline = std::chrono::steady_clock::now() + request.timeout;
    auto url = parse_url(request.url);
    for (int hop = 0; url; ++hop) {
        const bool may_follow = request.follow_redirects;
        // The request is needed again only if a redirect may come.
        ClientRequest kept;
        if (may_follow) kept = request;
        auto running = co_await exchange(core, std::move(request), *url, deadline, streamed, out);
        const bool location = !find_header(out->headers, "location").empty();
        if (!may_follow || !is_redirect(out->status) || !location) {
            if (out->status == 0) ++core->failures;
            co_return running;
        }
        if (hop == kRedirectsMax) {
            url = Error{Fault::rejected, "too many redirects"};
            break;
        }
        request = std::move(kept);
        url = follow(request, *url, *out);
    }
    ++core->failures;
    *out = failure(Fault::rejected, url.error().context);
    co_return nullptr;
}

class StreamedBody final : public BodySource {
public:
    explicit StreamedBody(std::unique_ptr<Exchange> exchange) : exchange_{std::move(exchange)} {}
    ~StreamedBody() override {
        // May be dropped on another loop, by a connection that it was sent on; curl is touched on
        // ours only.
        const auto loop = exchange_->core->loop;
        if (loop.running_in_this_thread()) return;
        boost::asio::post(loop, [dead = std::shared_ptr<Exchange>{std::move(exchange_)}] {});
    }
    StreamedBody(const StreamedBody&) = delete;
    StreamedBody& operator=(const StreamedBody&) = delete;

    std::optional<std::uint64_t> size() const override {
        return exchange_->transfer.announced_size();
    }
    async::Awaitable<Result<std::string>> read() override {
        co_await async::enter(exchange_->core->loop);
        co_return co_await exchange_->transfer.next_piece(exchange_->request.timeout);
    }

private:
    std::unique_ptr<Exchange> exchange_;
};

async::Awaitable<ClientReply> run_fetch(Core core, ClientRequest request) {
    ClientReply reply;
    [[maybe_unused]] const auto done = co_await run(core, std::move(request), false, &reply);
    co_return reply;
}

async::Awaitable<StreamedReply> run_stream(Core core, ClientRequest request) {
    StreamedReply reply;
    auto running = co_await run(core, std::move(request), true, &reply.head);
    if (reply.head.status != 0) reply.body = std::make_unique<StreamedBody>(std::move(running));
    co_return reply;
}

class CurlClient final : public Client {
public:
    CurlClient(async::Executor loop, const AddressGuard& guard)
        : core_{std::make_shared<ClientCore>(loop, guard)} {}

    ~CurlClient() override {
        const auto cancel = [core = core_] {
            core->closed = true;
            core->places->cancel_all();
            core->guarded->cancel_all();
            core->open->cancel_all();
        };
        if (core_->loop.running_in_this_thread()) {
            cancel();
        } else {
            boost::asio::post(core_->loop, cancel);
        }
    }

    async::Awaitable<ClientReply> fetch(ClientRequest request) override {
        return run_fetch(core_, std::move(request));
    }

    async::Awaitable<StreamedReply> stream(ClientRequest request) override {
        return run_stream(core_, std::move(request));
    }

    Figures figures() const override {
        Figures figures;
        figures.requests = core_->requests;
        figures.failures = core_->failures;
        figures.connections = core_->guarded->open_sockets() + core_->open->open_sockets();
        figures.in_flight = core_->in_flight;
        return figures;
    }

private:
    Core core_;
};

}  // namespace

std::unique_ptr<Client> make_client(async::Loop& loop, const AddressGuard& guard) {
    return std::make_unique<CurlClient>(loop.get_executor(), guard);
}

}  // namespace trunkline::net
