#pragma once

#include <array>
#include <memory>
#include <string>

#include <curl/curl.h>

#include "host/net/client.hpp"
#include "host/net/curl_driver.hpp"
#include "host/net/upload.hpp"
#include "host/net/url.hpp"

namespace trunkline::net {

/// One request and its reply: one curl easy handle. Owned by the coroutine that waits for it; lives
/// on its loop.
class Transfer {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// `request` and `guard` are borrowed and outlive the transfer.
    Transfer(
        std::shared_ptr<CurlDriver> driver,
        const AddressGuard& guard,
        const ClientRequest& request,
        Url url
    );
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// Starts. False: nothing was sent and `reply` says why.
    bool start(bool streamed);
    async::Awaitable<> wait_done(Time deadline);
    async::Awaitable<> wait_head(Time deadline);
    /// The next piece of a streamed body; empty = the end.
    async::Awaitable<Result<std::string>> next_piece(std::chrono::milliseconds at_most);

    ClientReply take_reply();  ///< once done, or (streamed) once the head is there
    bool failed() const noexcept { return done_ && (stopped_ || code_ != CURLE_OK) && !truncated_; }
    std::optional<std::uint64_t> announced_size() const noexcept { return announced_; }

    // Asked by the driver.
    CURL* easy() const noexcept { return easy_; }
    void on_done(CURLcode code);
    void cancel();

private:
    bool configure();
    bool configure_headers();
    bool configure_body();
    bool configure_multipart();
    bool reject(std::string reason);
    void stop(Fault fault, std::string reason);
    async::Awaitable<bool> wait_event(Time deadline);
    bool sent_anything() const noexcept;
    void explain();
    std::string where() const { return " (" + url_.authority() + ")"; }

    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_upload(char* into, std::size_t size, std::size_t count, void* self);
    static int on_seek(void* self, curl_off_t offset, int origin);
    static std::size_t on_part(char* into, std::size_t size, std::size_t count, void* source);
    static int on_part_seek(void* source, curl_off_t offset, int origin);
    static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
    bool header_line(std::string_view line);
    std::size_t body_bytes(std::string_view bytes);

    std::shared_ptr<CurlDriver> driver_;
    const AddressGuard& guard_;
    const ClientRequest& request_;
    Url url_;
    CURL* easy_ = nullptr;               // owned
    curl_slist* headers_out_ = nullptr;  // owned
    curl_mime* mime_ = nullptr;          // owned
    Upload upload_;
    boost::asio::basic_waitable_timer<
        std::chrono::steady_clock,
        boost::asio::wait_traits<std::chrono::steady_clock>,
        async::Executor>
        signal_;  // cancelled = look again
    std::array<char, CURL_ERROR_SIZE> error_text_{};

    ClientReply reply_;
    std::optional<std::uint64_t> announced_;
    std::size_t head_bytes_ = 0;
    std::uint64_t body_bytes_seen_ = 0;
    CURLcode code_ = CURLE_OK;
    bool streamed_ = false;
    bool head_done_ = false;
    bool paused_ = false;
    bool done_ = false;
    bool stopped_ = false;  // by us; fault and reason are in reply_ already
    bool truncated_ = false;
    bool guard_refused_ = false;
};

}  // namespace trunkline::net
