#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/net/body_decoder.hpp"
#include "host/net/request_parser.hpp"
#include "host/net/server_state.hpp"
#include "host/net/wire.hpp"

namespace trunkline::net {

/// Who is at the other end of a socket, as found when it was accepted.
struct Arrival {
    std::string peer;       ///< numeric address
    std::size_t place = 0;  ///< in the peer table
    bool counted = false;   ///< in the peer table, to be taken out at the end
    bool trusted_proxy = false;
    const char* refuse = nullptr;  ///< set: answer 503 with this reason and close; counted apart
};

/// One client's connection: reads like the protocol, one request after the other. Lives on its
/// loop; owned by its own coroutine, which `async::spawn` keeps.
class Connection final : public BodyReader, public std::enable_shared_from_this<Connection> {
public:
    Connection(
        std::shared_ptr<ServerState> state, ServerLoop& loop, Socket socket, Arrival arrival
    );
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    async::Awaitable<> run();

    /// The handler's way to a streamed body; goes on, whatever loop it was called on, on the
    /// connection's loop.
    async::Awaitable<Result<std::string>> read() override;

    // Asked by the loop.
    void close_if_late(std::chrono::steady_clock::time_point now) noexcept;
    void close_if_idle() noexcept;
    bool idle() const noexcept { return idle_; }
    std::chrono::steady_clock::time_point idle_until() const noexcept { return deadline_; }
    void cut() noexcept;

private:
    friend struct ServerLoop;
    using Time = std::chrono::steady_clock::time_point;

    // The path of a request, in order.
    async::Awaitable<bool> read_head();
    async::Awaitable<bool> serve();
    async::Awaitable<bool> read_whole(std::string& body);
    async::Awaitable<Response> ask_handler(std::string body, bool streamed);
    async::Awaitable<bool> answer(Response response);
    async::Awaitable<bool> send_stream(
        BodySource& source, std::optional<std::uint64_t> size, bool chunked
    );
    async::Awaitable<> end();

    BodyPlan ask_plan();
    void describe_request();
    void resolve_forwarded();
    async::Awaitable<bool> refuse(int status, std::string_view code, std::string_view detail);
    async::Awaitable<bool> fill(std::size_t capacity);
    async::Awaitable<bool> pull_body(std::string& out, std::size_t most);
    async::Awaitable<bool> write_all(std::string_view first, std::string_view second);
    bool fail_body(Fault fault, int status, const char* code, const char* detail);
    void let_go() noexcept;
    void pass_on_giving_way();

    std::string_view unread() const noexcept { return {input_.data() + begin_, end_ - begin_}; }
    void expect_within(std::chrono::milliseconds limit) noexcept;
    void expect_nothing() noexcept { deadline_ = Time::max(); }

    std::shared_ptr<ServerState> state_;
    ServerLoop& loop_;  // owned by state_
    Arrival arrival_;
    Wire wire_;
    std::size_t index_ = 0;  // in loop_.connections
    bool listed_ = false;

    Time deadline_ = Time::max();  // when the loop closes the socket under whoever waits for it
    bool idle_ = false;            // between requests: may be closed without harm
    bool first_ = true;            // no request was served yet
    bool keep_ = false;            // another request may follow
    bool broken_ = false;          // the socket is of no more use

    std::vector<char> input_;  // unread bytes are [begin_, end_)
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string head_bytes_;  // the present head; the parser's views point here, so it stays put
    RequestParser parser_;
    RequestHead head_;

    BodyDecoder decoder_;
    std::uint64_t body_bytes_ = 0;  // of the present body, decoded
    std::uint64_t body_bytes_max_ = 0;
    bool streamed_ = false;            // the present body goes to its reader at once
    std::uint64_t stretch_bytes_ = 0;  // since a streamed body's patience was renewed
    std::chrono::steady_clock::duration patience_{};  // left for waiting for the client
    bool continue_due_ = false;  // the client waits for 100 before it sends the body
    Error body_error_{Fault::malformed, {}};
    Refusal body_refusal_;  // what to answer when the body failed; status 0 = nobody is listening
    bool body_failed_ = false;
    BodyBudget::Body held_;          // our part of state_->bodies
    std::uint64_t body_number_ = 0;  // of the body that is being held, counted up when it is let go

    std::string output_;
};

}  // namespace trunkline::net
