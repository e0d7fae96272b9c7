#include "tests/bench/tools/http.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trunkline::bench {
namespace {

constexpr std::size_t kHeadMax = 65'536;

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view header(std::string_view head, std::string_view name) {
    for (auto at = head.find("\r\n"); at != head.npos;) {
        at += 2;
        const auto end = head.find("\r\n", at);
        if (end == head.npos) break;
        auto line = head.substr(at, end - at);
        at = end;
        if (line.size() <= name.size() || line[name.size()] != ':') continue;
        if (!same(line.substr(0, name.size()), name)) continue;
        line.remove_prefix(name.size() + 1);
        while (line.starts_with(' '))
            line.remove_prefix(1);
        return line;
    }
    return {};
}

std::size_t number(std::string_view text, int base) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

Parse join_chunks(std::string_view input, std::string& out, std::size_t& used) {
    out.clear();
    for (std::size_t at = 0;;) {
        const auto line = input.find("\r\n", at);
        if (line == input.npos) return Parse::more;
        if (line == at) return Parse::bad;
        const auto bytes = number(input.substr(at, line - at), 16);
        if (input.size() < line + 2 + bytes + 2) return Parse::more;
        out.append(input.substr(line + 2, bytes));
        at = line + 2 + bytes + 2;
        if (bytes > 0) continue;
        used = at;
        return Parse::whole;
    }
}

}  // namespace

Parse parse(std::string_view input, HttpMessage& message, std::string& scratch) {
    const auto end = input.find("\r\n\r\n");
    if (end == input.npos) return input.size() > kHeadMax ? Parse::bad : Parse::more;
    const auto head = input.substr(0, end + 2);
    const auto rest = input.substr(end + 4);
    message = {};
    message.start_line = head.substr(0, head.find("\r\n"));
    if (message.start_line.starts_with("HTTP/1.") && message.start_line.size() > 11)
        message.status = static_cast<int>(number(message.start_line.substr(9, 3), 10));
    message.closes = same(header(head, "Connection"), "close");
    message.bytes = end + 4;
    if (const auto length = header(head, "Content-Length"); !length.empty()) {
        const auto bytes = number(length, 10);
        if (rest.size() < bytes) return Parse::more;
        message.body = rest.substr(0, bytes);
        message.bytes += bytes;
    } else if (same(header(head, "Transfer-Encoding"), "chunked")) {
        std::size_t used = 0;
        const auto joined = join_chunks(rest, scratch, used);
        if (joined != Parse::whole) return joined;
        message.body = scratch;
        message.bytes += used;
    }
    return Parse::whole;
}

sockaddr_in loopback(std::string_view address) {
    const auto colon = address.find(':');
    sockaddr_in out{};
    out.sin_family = AF_INET;
    const std::string host{address.substr(0, colon)};
    const bool is_one =
        colon != address.npos && ::inet_pton(AF_INET, host.c_str(), &out.sin_addr) == 1;
    const auto all = ntohl(out.sin_addr.s_addr) == INADDR_ANY;  // to listen at all of them
    if (!is_one || (!all && (ntohl(out.sin_addr.s_addr) >> 24U) != 127))
        give_up("an address is 127.x.y.z:port or 0.0.0.0:port, not " + std::string{address});
    out.sin_port = htons(static_cast<std::uint16_t>(number(address.substr(colon + 1), 10)));
    return out;
}

int listen_on(const sockaddr_in& address) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    const auto* where = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(socket, where, sizeof address) == 0 && ::listen(socket, 4'096) == 0) return socket;
    ::close(socket);
    return -1;
}

void no_delay(int socket) {
    const int one = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::_Exit(2);  // threads may be at work in what an orderly end would take apart
}

}  // namespace trunkline::bench
