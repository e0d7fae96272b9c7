// What a transfer asks of curl, and the door at which the address guard stands.
#include <array>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/net/request_parser.hpp"
#include "host/net/transfer.hpp"

namespace trunkline::net {

namespace {

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    // Each option used here exists in the curl we link, so a failure can only mean that memory ran
    // out; the transfer then fails by itself.
    curl_easy_setopt(easy, option, value);
}

std::string numeric(const curl_sockaddr& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = nullptr;
    if (address.family == AF_INET) {
        bytes = &reinterpret_cast<const sockaddr_in*>(&address.addr)->sin_addr;
    } else if (address.family == AF_INET6) {
        bytes = &reinterpret_cast<const sockaddr_in6*>(&address.addr)->sin6_addr;
    } else {
        return {};
    }
    if (inet_ntop(address.family, bytes, text.data(), text.size()) == nullptr) return {};
    return text.data();
}

}  // namespace

// The address is the one that the connection goes to, so what a name resolves to the next time
// changes nothing.
curl_socket_t Transfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    // A second connection after the body began to leave: curl is about to send again.
    if (transfer.request_.once && transfer.upload_.started()) return CURL_SOCKET_BAD;
    const auto text = numeric(*address);
    const bool open = transfer.request_.allow_private || transfer.guard_.permits(text);
    if (text.empty() || !open) {
        transfer.guard_refused_ = true;
        return CURL_SOCKET_BAD;
    }
    const int made = ::socket(
        address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol
    );
    if (made < 0) return CURL_SOCKET_BAD;
    transfer.driver_->note_socket_opened();
    return made;
}

bool Transfer::configure() {
    auto* const easy = easy_;
    const std::string url = url_.scheme + "://" + url_.authority() + url_.target;
    set(easy, CURLOPT_URL, url.c_str());
    set(easy, CURLOPT_PRIVATE, this);
    set(easy, CURLOPT_ERRORBUFFER, error_text_.data());
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy, CURLOPT_PROXY, "");  // never from the environment
    set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(easy, CURLOPT_PATH_AS_IS, 1L);
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_QUICK_EXIT, 1L);  // a look-up that hangs must not hang the loop at the end
    set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    set(easy, CURLOPT_BUFFERSIZE, 64L * 1024L);
    set(easy,
        CURLOPT_CONNECTTIMEOUT_MS,
        std::max(1L, static_cast<long>(request_.connect_timeout.count())));
    set(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open);
    set(easy, CURLOPT_OPENSOCKETDATA, this);
    set(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlDriver::close_socket);
    set(easy, CURLOPT_CLOSESOCKETDATA, driver_.get());  // a kept connection outlives its transfer
    set(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(easy, CURLOPT_HEADERDATA, this);
    set(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(easy, CURLOPT_WRITEDATA, this);
    return configure_body() && configure_headers();
}

bool Transfer::configure_body() {
    if (!is_token(request_.method)) return reject("the method is not a token");
    auto opened = upload_.open(request_);
    if (!opened) return reject(opened.error().context);
    if (upload_.multipart()) {
        if (!configure_multipart()) return false;
    } else if (upload_.size() > 0) {
        set(easy_, CURLOPT_POST, 1L);
        set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(upload_.size()));
        set(easy_, CURLOPT_READFUNCTION, &Transfer::on_upload);
        set(easy_, CURLOPT_READDATA, this);
        set(easy_, CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
        set(easy_, CURLOPT_SEEKDATA, this);
        set(easy_, CURLOPT_UPLOAD_BUFFERSIZE, 64L * 1024L);
    } else if (request_.method == "HEAD") {
        set(easy_, CURLOPT_NOBODY, 1L);
    } else if (request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH") {
        set(easy_, CURLOPT_POSTFIELDS, "");  // says Content-Length: 0
        set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(0));
    } else {
        set(easy_, CURLOPT_HTTPGET, 1L);
    }
    if (request_.method != "HEAD") set(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    // On a dead kept connection curl sends again by itself, unless it cannot rewind the body. Where
    // there is no body to refuse rewinding, or curl reads it itself, no kept connection is used.
    if (request_.once && (upload_.size() == 0 || upload_.multipart())) {
        set(easy_, CURLOPT_FRESH_CONNECT, 1L);
    }
    return true;
}

bool Transfer::configure_multipart() {
    mime_ = curl_mime_init(easy_);
    for (std::size_t i = 0; i < request_.parts.size(); ++i) {
        const auto& part = request_.parts[i];
        auto* source = upload_.sources()[i].get();
        auto* out = curl_mime_addpart(mime_);
        bool good = curl_mime_name(out, part.name.c_str()) == CURLE_OK;
        if (!part.filename.empty()) {
            good = good && curl_mime_filename(out, part.filename.c_str()) == CURLE_OK;
        }
        if (!part.mime.empty()) {
            if (!is_field_value(part.mime)) return reject("a part's type has a control character");
            good = good && curl_mime_type(out, part.mime.c_str()) == CURLE_OK;
        }
        const auto size = static_cast<curl_off_t>(source->size());
        good = good && curl_mime_data_cb(
                           out, size, &Transfer::on_part, &Transfer::on_part_seek, nullptr, source
                       ) == CURLE_OK;
        if (!good) return reject("a part cannot be built");
    }
    set(easy_, CURLOPT_MIMEPOST, mime_);
    return true;
}

bool Transfer::configure_headers() {
    const auto add = [this](const std::string& line) {
        auto* longer = curl_slist_append(headers_out_, line.c_str());
        if (longer != nullptr) headers_out_ = longer;
        return longer != nullptr;
    };
    bool good = add("Expect:");  // waiting for 100 costs a second at servers that do not know it
    bool typed = false;
    bool agent = false;
    for (const auto& header : request_.headers) {
        if (!is_token(header.name) || !is_field_value(header.value)) {
            return reject("a header has a control character");
        }
        if (equal_ignoring_case(header.name, "content-length") ||
            equal_ignoring_case(header.name, "transfer-encoding")) {
            return reject("the body's length is not the caller's to state");
        }
        typed = typed || equal_ignoring_case(header.name, "content-type");
        agent = agent || equal_ignoring_case(header.name, "user-agent");
        const auto empty = header.value.find_first_not_of(" \t") == std::string::npos;
        good = good && add(empty ? header.name + ";" : header.name + ": " + header.value);
    }
    if (!typed && !upload_.multipart()) good = good && add("Content-Type:");  // not curl's guess
    if (!agent) good = good && add("User-Agent: Trunkline");
    if (!good) return reject("out of memory");
    set(easy_, CURLOPT_HTTPHEADER, headers_out_);
    return true;
}

}  // namespace trunkline::net
