#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <curl/curl.h>

#include "host/async/await.hpp"

namespace trunkline::net {

class Transfer;

/// libcurl's multi handle with Asio as its event loop: curl says which sockets and which time it
/// waits for, Asio waits. Has its own kept connections. Lives on one loop. Shared ownership: a
/// transfer's coroutine may be destroyed with the loop, after the client that started it.
class CurlDriver : public std::enable_shared_from_this<CurlDriver> {
public:
    static std::shared_ptr<CurlDriver> make(async::Executor loop);
    ~CurlDriver();
    CurlDriver(const CurlDriver&) = delete;
    CurlDriver& operator=(const CurlDriver&) = delete;

    bool start(Transfer& transfer);          ///< borrowed until it is done or stopped
    void stop(Transfer& transfer) noexcept;  ///< afterwards curl never touches it again
    void cancel_all();

    async::Executor loop() const noexcept { return loop_; }
    std::uint64_t open_sockets() const noexcept { return open_sockets_; }
    void note_socket_opened() noexcept { ++open_sockets_; }
    static int close_socket(void* driver, curl_socket_t socket);  ///< CURLOPT_CLOSESOCKETFUNCTION

private:
    struct Watch;

    explicit CurlDriver(async::Executor loop);
    static int on_socket(CURL*, curl_socket_t socket, int what, void* driver, void*);
    static int on_timer(CURLM*, long wait_ms, void* driver);
    void watch(curl_socket_t socket, int what);
    void arm(const std::shared_ptr<Watch>& watch, int direction);
    void act(curl_socket_t socket, int mask);
    void set_timer();
    void on_time();

    async::Executor loop_;
    boost::asio::basic_waitable_timer<
        std::chrono::steady_clock,
        boost::asio::wait_traits<std::chrono::steady_clock>,
        async::Executor>
        timer_;
    using Time = std::chrono::steady_clock::time_point;
    Time due_ = Time::max();      // when curl wants to be called
    Time set_for_ = Time::max();  // when the timer goes off
    bool posted_ = false;         // a call for "at once" is on its way
    CURLM* multi_ = nullptr;      // owned
    std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    std::unordered_set<Transfer*> transfers_;  // borrowed
    std::uint64_t open_sockets_ = 0;
};

}  // namespace trunkline::net
