#include "host/net/transfer.hpp"

#include <algorithm>
#include <charconv>

#include <boost/asio/this_coro.hpp>

#include "host/base/assert.hpp"

namespace trunkline::net {

namespace asio = boost::asio;
using async::kAsTuple;

namespace {

constexpr std::size_t kHeadBytesMax = 64 * 1024;
constexpr std::size_t kHeadersMax = 200;
constexpr std::size_t kStreamBufferBytes =
    256 * 1024;  // beyond it the network waits for the reader

}  // namespace

Transfer::Transfer(
    std::shared_ptr<CurlDriver> driver,
    const AddressGuard& guard,
    const ClientRequest& request,
    Url url
)
    : driver_{std::move(driver)},
      guard_{guard},
      request_{request},
      url_{std::move(url)},
      easy_{curl_easy_init()},
      signal_{driver_->loop()} {
    TRUNKLINE_ASSERT(easy_ != nullptr);
}

Transfer::~Transfer() {
    driver_->stop(*this);
    curl_easy_cleanup(easy_);
    curl_mime_free(mime_);
    curl_slist_free_all(headers_out_);
}

bool Transfer::start(bool streamed) {
    streamed_ = streamed;
    if (!configure()) return false;
    if (driver_->start(*this)) return true;
    stop(Fault::unavailable, "curl takes no more transfers");
    return false;
}

async::Awaitable<bool> Transfer::wait_event(Time deadline) {
    signal_.expires_at(deadline);
    auto [error] = co_await signal_.async_wait(kAsTuple);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) cancel();
    co_return static_cast<bool>(error);  // false: the time is up
}

async::Awaitable<> Transfer::wait_done(Time deadline) {
    while (!done_) {
        const bool in_time = co_await wait_event(deadline);
        if (!in_time && !done_) {
            reply_.timed_out = true;
            stop(sent_anything() ? Fault::unknown : Fault::unavailable, "time-out");
        }
    }
}

async::Awaitable<> Transfer::wait_head(Time deadline) {
    while (!done_ && !head_done_) {
        const bool in_time = co_await wait_event(deadline);
        if (in_time || done_ || head_done_) continue;
        reply_.timed_out = true;
        stop(sent_anything() ? Fault::unknown : Fault::unavailable, "time-out");
    }
}

async::Awaitable<Result<std::string>> Transfer::next_piece(std::chrono::milliseconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (reply_.body.empty() && !done_) {
        if (paused_) {
            paused_ = false;
            curl_easy_pause(easy_, CURLPAUSE_CONT);
            continue;
        }
        const bool in_time = co_await wait_event(deadline);
        if (!in_time && reply_.body.empty() && !done_) stop(Fault::unavailable, "time-out");
    }
    auto piece = std::move(reply_.body);
    reply_.body.clear();
    if (!piece.empty()) co_return piece;
    if (truncated_) co_return Error{Fault::throttled, "the reply is larger than allowed" + where()};
    if (failed()) {
        explain();
        co_return Error{
            stopped_ ? reply_.fault : Fault::unavailable, "the reply broke off: " + reply_.reason};
    }
    co_return piece;
}

void Transfer::on_done(CURLcode code) {
    // curl takes a head that breaks off for a whole one.
    code_ = code == CURLE_OK && !head_done_ ? CURLE_PARTIAL_FILE : code;
    done_ = true;
    signal_.cancel();
}

void Transfer::cancel() {
    if (!done_) stop(Fault::cancelled, "cancelled");
}

void Transfer::stop(Fault fault, std::string reason) {
    driver_->stop(*this);
    stopped_ = done_ = true;
    reply_.fault = fault;
    reply_.reason = std::move(reason) + where();
    signal_.cancel();
}

bool Transfer::reject(std::string reason) {
    stop(Fault::rejected, std::move(reason));
    return false;
}

bool Transfer::sent_anything() const noexcept {
    long request_bytes = 0;
    curl_off_t body_bytes = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &request_bytes);
    curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &body_bytes);
    // curl forgets what left on a connection that died; whether the body was touched it cannot
    // forget.
    return request_bytes > 0 || body_bytes > 0 || upload_.started();
}

// Turns curl's code into fault and reason. curl's own message is used only where it cannot hold a
// path.
void Transfer::explain() {
    if (stopped_) return;
    const bool sent = sent_anything();
    reply_.fault = sent ? Fault::unknown : Fault::unavailable;
    std::string why = curl_easy_strerror(code_);
    switch (code_) {
        case CURLE_COULDNT_CONNECT: {
            long system_error = 0;
            curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &system_error);
            if (system_error != 0) {
                why = std::error_code{static_cast<int>(system_error), std::generic_category()}
                          .message();
            }
            why.insert(0, "connect: ");
            if (request_.once && upload_.started()) {
                why = "the kept connection broke; not sent again";
            } else if (guard_refused_) {
                reply_.fault = Fault::rejected;
                why = "address not allowed";
            }
            break;
        }
        case CURLE_COULDNT_RESOLVE_HOST:
            why = "name not resolved";
            break;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
            if (error_text_[0] != '\0') why = error_text_.data();
            why.insert(0, "certificate or TLS: ");
            break;
        case CURLE_OPERATION_TIMEDOUT:
            why = sent ? "time-out" : "connect: time-out";
            reply_.timed_out = true;
            break;
        case CURLE_URL_MALFORMAT:
        case CURLE_BAD_FUNCTION_ARGUMENT:
            reply_.fault = Fault::rejected;
            break;
        case CURLE_ABORTED_BY_CALLBACK:
        case CURLE_READ_ERROR:
            why = "the body's source failed";
            break;
        case CURLE_WRITE_ERROR:
            why = "the reply's head is too large";
            break;
        case CURLE_UNSUPPORTED_PROTOCOL:
            why = "the reply is not HTTP";
            break;
        case CURLE_SEND_FAIL_REWIND:
            why = "the kept connection was dead; not sent again";
            break;
        default:
            break;
    }
    reply_.reason = why + where();
}

ClientReply Transfer::take_reply() {
    if (failed()) {
        explain();
        reply_.status = 0;
        reply_.body.clear();
        reply_.headers.clear();
    }
    if (streamed_) {  // the body goes piece by piece; what is here already stays for the reader
        ClientReply head;
        head.status = reply_.status;
        head.headers = std::move(reply_.headers);
        head.fault = reply_.fault;
        head.reason = reply_.reason;
        return head;
    }
    reply_.truncated = truncated_;
    return std::move(reply_);
}

std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    return transfer.header_line({bytes, size * count}) ? size * count : 0;
}

bool Transfer::header_line(std::string_view line) {
    head_bytes_ += line.size();
    if (head_bytes_ > kHeadBytesMax || reply_.headers.size() >= kHeadersMax) return false;
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {  // begins anew after 100 Continue
        reply_.headers.clear();
        const auto blank = line.find(' ');
        const auto code =
            blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
        reply_.status = 0;
        std::from_chars(
            code.data(), code.data() + std::min<std::size_t>(code.size(), 3), reply_.status
        );
        return true;
    }
    if (line.empty()) {
        if (reply_.status < 200) return true;
        head_done_ = true;
        const auto length = find_header(reply_.headers, "content-length");
        std::uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(length.data(), length.data() + length.size(), value);
        const bool framed = !find_header(reply_.headers, "transfer-encoding").empty();
        if (!framed && error == std::errc{} && !length.empty()) announced_ = value;
        if (streamed_) signal_.cancel();
        return true;
    }
    if (head_done_) return true;  // a trailer
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t'))
        value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t'))
        value.remove_suffix(1);
    reply_.headers.push_back({std::string{line.substr(0, colon)}, std::string{value}});
    return true;
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    return static_cast<Transfer*>(self)->body_bytes({bytes, size * count});
}

std::size_t Transfer::body_bytes(std::string_view bytes) {
    if (streamed_ && reply_.body.size() >= kStreamBufferBytes) {
        paused_ = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    const auto room = request_.reply_bytes_max - body_bytes_seen_;
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size()));
    reply_.body.append(bytes.substr(0, taken));
    body_bytes_seen_ += taken;
    if (streamed_) signal_.cancel();
    if (taken == bytes.size()) return bytes.size();
    truncated_ = true;
    return 0;  // ends the transfer
}

std::size_t Transfer::on_upload(char* into, std::size_t size, std::size_t count, void* self) {
    const auto got = static_cast<Transfer*>(self)->upload_.read(into, size * count);
    return got < 0 ? CURL_READFUNC_ABORT : static_cast<std::size_t>(got);
}

int Transfer::on_seek(void* self, curl_off_t offset, int origin) {
    if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
    return static_cast<Transfer*>(self)->upload_.rewind() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

std::size_t Transfer::on_part(char* into, std::size_t size, std::size_t count, void* source) {
    const auto got = static_cast<PartSource*>(source)->read(into, size * count);
    return got < 0 ? CURL_READFUNC_ABORT : static_cast<std::size_t>(got);
}

int Transfer::on_part_seek(void* source, curl_off_t offset, int origin) {
    if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
    static_cast<PartSource*>(source)->rewind();
    return CURL_SEEKFUNC_OK;
}

}  // namespace trunkline::net
