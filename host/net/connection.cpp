#include "host/net/connection.hpp"

#include <algorithm>
#include <exception>

#include <spdlog/spdlog.h>

#include "host/async/await.hpp"

namespace trunkline::net {

namespace {

constexpr std::size_t kInputBytes = 4 * 1024;  // what an idle connection keeps
// Read and thrown away after the last reply: enough for the rest of a body that was refused as too
// large, since most senders look for an answer only when they have sent all of it.
constexpr std::uint64_t kLingerBytesMax = 16 << 20;
constexpr std::chrono::milliseconds kLinger{2'000};

}  // namespace

Connection::Connection(
    std::shared_ptr<ServerState> state, ServerLoop& loop, Socket socket, Arrival arrival
)
    : state_{std::move(state)},
      loop_{loop},
      arrival_{std::move(arrival)},
      wire_{std::move(socket), state_->tls ? &*state_->tls : nullptr},
      input_(kInputBytes),
      parser_{
          {state_->limits.head_bytes_max,
           std::min<std::size_t>(8 * 1024, state_->limits.head_bytes_max),
           state_->limits.headers_max}} {
    head_.peer = arrival_.peer;
    head_.secure = wire_.secure();
    held_.place = arrival_.place;
    held_.give_way = [this] { pass_on_giving_way(); };
}

Connection::~Connection() {
    if (listed_) loop_.remove(this);
    let_go();
    if (arrival_.counted) state_->peers.leave(arrival_.place);
    auto& counter = arrival_.refuse != nullptr ? state_->refusals : state_->connections;
    counter.fetch_sub(1, std::memory_order_relaxed);
}

async::Awaitable<> Connection::run() {
    loop_.add(this);
    expect_within(state_->limits.head_timeout);
    if (arrival_.refuse != nullptr) {
        // A handshake costs more than the word is worth.
        if (!wire_.secure()) co_await refuse(503, "overloaded", arrival_.refuse);
        co_await end();
        co_return;
    }
    bool open = true;
    if (wire_.secure()) {
        const auto error = co_await wire_.handshake();
        open = !error;
        broken_ = !open;
    }
    while (open) {
        open = co_await read_head();
        if (open) open = co_await serve();
        first_ = false;
    }
    co_await end();
}

async::Awaitable<bool> Connection::read_head() {
    parser_.reset();
    if (begin_ == end_ && input_.size() > 4 * kInputBytes) {
        input_ = std::vector<char>(kInputBytes);
        begin_ = end_ = 0;
    }
    idle_ = begin_ == end_;
    if (idle_ && state_->draining) co_return false;
    const auto& limits = state_->limits;
    expect_within(idle_ && !first_ ? limits.idle_timeout : limits.head_timeout);
    while (true) {
        const auto scan = parser_.scan(unread());
        if (scan == RequestParser::Scan::done) break;
        if (scan == RequestParser::Scan::refused) {
            const auto why = parser_.refusal();
            co_return co_await refuse(why.status, why.code, why.detail);
        }
        const bool more = co_await fill(kInputBytes);
        if (!more) co_return false;
        if (idle_) {
            idle_ = false;
            if (!first_) expect_within(limits.head_timeout);
        }
    }
    idle_ = false;
    head_bytes_.assign(unread().substr(0, parser_.head_bytes()));
    begin_ += parser_.head_bytes();
    if (parser_.parse(head_bytes_)) co_return true;
    const auto why = parser_.refusal();
    co_return co_await refuse(why.status, why.code, why.detail);
}

async::Awaitable<bool> Connection::serve() {
    count(loop_.requests);
    describe_request();
    keep_ = parser_.keep_alive() && !state_->draining;
    auto plan = ask_plan();
    body_failed_ = false;
    body_refusal_ = {};
    body_bytes_ = stretch_bytes_ = 0;
    body_bytes_max_ = plan.bytes_max;
    streamed_ = plan.streamed;
    patience_ = state_->limits.body_timeout;
    if (parser_.chunked()) {
        decoder_.start_chunked();
    } else {
        decoder_.start_length(parser_.content_length());
    }
    continue_due_ = parser_.expects_continue() && !decoder_.done();
    if (plan.refuse) co_return co_await answer(*std::move(plan.refuse));
    if (!parser_.chunked() && parser_.content_length() > plan.bytes_max) {
        co_return co_await refuse(413, "too_large", "the request's body is too large");
    }
    std::string body;
    if (!plan.streamed) {
        const bool whole = co_await read_whole(body);
        if (!whole) co_return false;
    }
    expect_nothing();
    auto response = co_await ask_handler(std::move(body), plan.streamed);
    co_await async::enter(loop_.executor);  // the handler may have ended on another loop
    let_go();
    if (response.status == 0) co_return false;
    co_return co_await answer(std::move(response));
}

BodyPlan Connection::ask_plan() {
    try {
        return state_->handler.plan(head_);
    } catch (const std::exception& error) {
        spdlog::error("net.plan_threw reason={}", error.what());
    } catch (...) {
        spdlog::error("net.plan_threw reason=unknown");
    }
    BodyPlan plan;
    plan.refuse = problem(500, "internal_error", "the request could not be handled");
    return plan;
}

async::Awaitable<Response> Connection::ask_handler(std::string body, bool streamed) {
    try {
        Request request{head_, std::move(body), streamed ? this : nullptr};
        auto response = co_await state_->handler.handle(std::move(request));
        co_return response;
    } catch (const std::exception& error) {
        spdlog::error("net.handler_threw reason={}", error.what());
    } catch (...) {
        spdlog::error("net.handler_threw reason=unknown");
    }
    co_return problem(500, "internal_error", "the request could not be handled");
}

void Connection::describe_request() {
    head_.method = parser_.method();
    head_.target = parser_.target();
    const auto question = head_.target.find('?');
    head_.path = head_.target.substr(0, question);
    head_.query =
        question == std::string_view::npos ? std::string_view{} : head_.target.substr(question + 1);
    head_.headers = parser_.headers();
    if (!arrival_.trusted_proxy) return;
    resolve_forwarded();
    held_.place = state_->peers.place_of(address_bytes(head_.peer).value_or(std::string{}));
}

// The addresses were appended from left to right; reading from the right, the first one that is not
// a proxy of ours is the client. What stands further left was written by the client and proves
// nothing.
void Connection::resolve_forwarded() {
    head_.peer = arrival_.peer;
    head_.secure = wire_.secure();
    bool found = false;
    bool proto_seen = false;
    const auto& headers = parser_.headers();
    for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
        if (!proto_seen && equal_ignoring_case(header->name, "x-forwarded-proto")) {
            const auto last = header->value.substr(header->value.rfind(',') + 1);
            head_.secure = equal_ignoring_case(
                last.substr(std::min(last.find_first_not_of(' '), last.size())), "https"
            );
            proto_seen = true;
        }
        if (found || !equal_ignoring_case(header->name, "x-forwarded-for")) continue;
        for (auto rest = header->value; !rest.empty() && !found;) {
            const auto comma = rest.rfind(',');
            auto one = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
            rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(0, comma);
            while (one.starts_with(' ') || one.starts_with('\t'))
                one.remove_prefix(1);
            while (one.ends_with(' ') || one.ends_with('\t'))
                one.remove_suffix(1);
            const auto bytes = address_bytes(one);
            if (bytes) head_.peer = one;
            found = !bytes || !state_->trusts(*bytes);
        }
    }
}

void Connection::expect_within(std::chrono::milliseconds limit) noexcept {
    deadline_ = state_->clock.steady() + limit;
}

void Connection::close_if_late(Time now) noexcept {
    if (now >= deadline_) cut();
}

void Connection::close_if_idle() noexcept {
    if (idle_) cut();
}

void Connection::cut() noexcept {
    broken_ = true;
    deadline_ = Time::max();
    wire_.close();
}

// Closing with unread bytes would make the kernel send a reset, which can overtake our last reply
// on its way up the client's stack. So: say that we are done, then read on for a moment.
async::Awaitable<> Connection::end() {
    idle_ = true;
    if (!broken_) {
        expect_within(kLinger);
        co_await wire_.shut_down();
        std::uint64_t dropped = 0;
        while (!broken_ && dropped < kLingerBytesMax) {
            begin_ = end_ = 0;
            const bool more = co_await fill(kInputBytes);
            if (!more) break;
            dropped += end_;
        }
    }
    wire_.close();
}

}  // namespace trunkline::net
