// A connection's bytes: filling the input, taking the body out of it, sending replies.
#include <algorithm>
#include <cstring>
#include <exception>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "host/async/await.hpp"
#include "host/net/connection.hpp"
#include "host/net/response_head.hpp"

namespace trunkline::net {

namespace {

constexpr std::size_t kStretchBytes = 64 * 1024;  // the unit of the body and write time-outs
constexpr std::size_t kJoinBytesMax =
    8 * 1024;  // bodies up to this are copied behind their head: one buffer to send

std::chrono::steady_clock::duration time_earned(std::uint64_t bytes, std::uint64_t per_second) {
    return std::chrono::nanoseconds{
        bytes * 1'000'000'000ULL / std::max<std::uint64_t>(per_second, 1)};
}

async::Awaitable<Result<std::string>> read_guarded(BodySource& source) {
    try {
        auto piece = co_await source.read();
        co_return piece;
    } catch (const std::exception& error) {
        spdlog::error("net.body_source_threw reason={}", error.what());
    } catch (...) {
        spdlog::error("net.body_source_threw reason=unknown");
    }
    co_return Error{Fault::unavailable, "the body's source failed"};
}

}  // namespace

// False: the peer is gone or was cut.
async::Awaitable<bool> Connection::fill(std::size_t capacity) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (input_.size() < capacity) input_.resize(capacity);
    if (end_ == input_.size()) {
        if (begin_ > 0) {
            std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        } else {
            input_.resize(
                input_.size() * 2
            );  // ends at head_bytes_max: the parser refuses what is longer
        }
    }
    Wire::Code error;
    const auto room = asio::buffer(input_.data() + end_, input_.size() - end_);
    const auto bytes = co_await wire_.read_some(room, error);
    if (error || broken_) {
        broken_ = broken_ || error != asio::error::eof;
        co_return false;
    }
    end_ += bytes;
    co_return true;
}

bool Connection::fail_body(Fault fault, int status, const char* code, const char* detail) {
    body_failed_ = true;
    body_error_ = Error{fault, detail};
    body_refusal_ = {status, code, detail};
    return false;
}

// Adds at least one byte to `out` or reaches the body's end; false when the body cannot be had.
async::Awaitable<bool> Connection::pull_body(std::string& out, std::size_t most) {
    while (true) {
        const auto before = out.size();
        begin_ += decoder_.feed(unread(), out, most);
        const auto gained = out.size() - before;
        body_bytes_ += gained;
        stretch_bytes_ += gained;
        if (!streamed_) patience_ += time_earned(gained, state_->limits.body_bytes_per_second);
        if (decoder_.refusal()) {
            co_return fail_body(Fault::malformed, 400, "bad_request", decoder_.refusal().detail);
        }
        if (body_bytes_ > body_bytes_max_) {
            co_return fail_body(
                Fault::throttled, 413, "too_large", "the request's body is too large"
            );
        }
        if (decoder_.done() || gained > 0) co_return true;

        if (continue_due_) {
            continue_due_ = false;
            const bool said = co_await write_all("HTTP/1.1 100 Continue\r\n\r\n", {});
            if (!said) co_return fail_body(Fault::unavailable, 0, "", "the client is gone");
        }
        const auto began = state_->clock.steady();
        if (streamed_ && stretch_bytes_ >= kStretchBytes) {
            stretch_bytes_ = 0;
            patience_ = state_->limits.body_timeout;
        }
        deadline_ = began + patience_;
        const bool more =
            co_await fill(decoder_.pending() > kStretchBytes ? kStretchBytes : 16 * 1024);
        expect_nothing();
        patience_ -= std::min(patience_, state_->clock.steady() - began);
        if (!more) co_return fail_body(Fault::unavailable, 0, "", "the client is slow or gone");
    }
}

async::Awaitable<bool> Connection::read_whole(std::string& body) {
    // What the client announces is only believed once it has arrived.
    body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(decoder_.pending(), kStretchBytes)
    ));
    while (!decoder_.done()) {
        const auto before = body.size();
        const bool more = co_await pull_body(body, kStretchBytes);
        const auto gained = body.size() - before;
        if (more && state_->bodies.hold(held_, gained, !decoder_.done())) continue;
        if (more) fail_body(Fault::throttled, 503, "overloaded", "too many bodies are being held");
        body = {};
        let_go();
        if (body_refusal_) {
            co_await refuse(body_refusal_.status, body_refusal_.code, body_refusal_.detail);
        } else {
            broken_ = true;
        }
        co_return false;
    }
    co_return true;
}

async::Awaitable<Result<std::string>> Connection::read() {
    co_await async::enter(loop_.executor);
    std::string piece;
    if (!body_failed_ && !decoder_.done()) co_await pull_body(piece, kStretchBytes);
    if (body_failed_) co_return body_error_;
    co_return piece;
}

void Connection::let_go() noexcept {
    state_->bodies.let_go(held_);
    ++body_number_;
}

// Called from any thread. What is held at that moment stays the same body until it was let go,
// which waits for the budget's lock; when the word arrives it may be another one.
void Connection::pass_on_giving_way() {
    count(state_->bodies_cut);
    asio::post(loop_.executor, [weak = weak_from_this(), number = body_number_] {
        const auto self = weak.lock();
        if (!self || self->body_number_ != number) return;
        spdlog::debug("net.body_gave_way peer={}", self->head_.peer);
        self->cut();
    });
}

// Answers a request that cannot be understood or taken, and lets the connection end: what follows
// on it is unknown.
async::Awaitable<bool> Connection::refuse(
    int status, std::string_view code, std::string_view detail
) {
    count(loop_.bad);
    spdlog::debug("net.refused peer={} status={} detail={}", arrival_.peer, status, detail);
    keep_ = false;
    auto response = problem(status, code, detail);
    if (status == 503) response.headers.push_back({"Retry-After", "1"});
    co_await answer(std::move(response));
    co_return false;
}

// True: the connection is good for another request.
async::Awaitable<bool> Connection::answer(Response response) {
    keep_ = keep_ && decoder_.done() && !body_failed_ && !state_->draining;
    const bool bodiless = response.status == 204 || response.status == 304;
    const bool head_only = parser_.method() == "HEAD" || bodiless;
    const auto source = std::move(response.stream);
    Framing framing;
    framing.date = loop_.date(state_->clock);
    framing.http_1_0 = parser_.http_1_0();
    const auto size = source ? source->size() : response.body.size();
    if (!bodiless) framing.length = size;
    framing.chunked = !bodiless && !size && !framing.http_1_0;
    if (!head_only && !size && framing.http_1_0)
        keep_ = false;  // the end of the connection ends the body
    framing.keep_alive = keep_;

    output_.clear();
    if (!append_head(output_, response, framing)) {
        spdlog::error(
            "net.bad_response status={} reason=status or header not sendable", response.status
        );
        const auto broken = problem(500, "internal_error", "the reply could not be sent");
        keep_ = framing.keep_alive = framing.chunked = false;
        framing.length = broken.body.size();
        append_head(output_, broken, framing);
        if (!head_only) output_.append(broken.body);
        co_await write_all(output_, {});
        co_return false;
    }
    bool sent = false;
    if (head_only) {
        sent = co_await write_all(output_, {});
    } else if (source) {
        sent = co_await send_stream(*source, size, framing.chunked);
    } else if (response.body.size() <= kJoinBytesMax) {
        output_.append(response.body);
        sent = co_await write_all(output_, {});
    } else {
        sent = co_await write_all(output_, response.body);
    }
    co_return sent&& keep_;
}

// Sends output_ (the head) and then what the source gives. Anything that goes wrong resets the
// connection.
async::Awaitable<bool> Connection::send_stream(
    BodySource& source, std::optional<std::uint64_t> size, bool chunked
) {
    std::uint64_t sent_bytes = 0;
    while (true) {
        expect_nothing();
        auto piece = co_await read_guarded(source);
        co_await async::enter(loop_.executor);
        const bool over = piece && size && sent_bytes + piece->size() > *size;
        const bool under = piece && size && piece->empty() && sent_bytes != *size;
        if (!piece || over || under || broken_) {
            spdlog::warn(
                "net.body_cut sent={} reason={}",
                sent_bytes,
                piece ? "size differs or client gone" : piece.error().context
            );
            broken_ = true;
            wire_.abort();
            co_return false;
        }
        const bool last = piece->empty();
        if (chunked) {
            if (sent_bytes > 0) output_.append("\r\n");  // ends the chunk before
            output_.append(fmt::format("{:x}\r\n", piece->size()));
            if (last) output_.append("\r\n");
        }
        const bool sent = co_await write_all(output_, *piece);
        if (!sent) co_return false;
        output_.clear();
        sent_bytes += piece->size();
        if (last) co_return true;
    }
}

async::Awaitable<bool> Connection::write_all(std::string_view first, std::string_view second) {
    std::size_t stretch = kStretchBytes;
    while (!first.empty() || !second.empty()) {
        if (stretch >= kStretchBytes) {
            stretch = 0;
            expect_within(state_->limits.write_timeout);
        }
        Wire::Code error;
        const bool long_first = first.size() > kStretchBytes;
        const auto bytes = co_await wire_.write_some(
            first.substr(0, kStretchBytes), second.substr(0, long_first ? 0 : kStretchBytes), error
        );
        if (error || broken_) {
            broken_ = true;
            co_return false;
        }
        stretch += bytes;
        const auto of_first = std::min(bytes, first.size());
        first.remove_prefix(of_first);
        second.remove_prefix(bytes - of_first);
    }
    expect_nothing();
    co_return true;
}

}  // namespace trunkline::net
