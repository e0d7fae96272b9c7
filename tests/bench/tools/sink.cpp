#include "tests/bench/tools/sink.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <span>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trunkline::bench {
namespace {

constexpr std::string_view kTaken =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
constexpr int kLookMs = 20;

}  // namespace

Sink::Sink(const Options& options)
    : options_{options},
      listener_{listen_on(loopback(options.sink))},
      poll_{::epoll_create1(EPOLL_CLOEXEC)} {
    if (listener_ < 0) give_up("cannot listen on " + options_.sink);
}

Sink::~Sink() {
    for (auto& connection : connections_) {
        if (connection->socket >= 0) ::close(connection->socket);
    }
    ::close(listener_);
    ::close(poll_);
}

void Sink::run() {
    epoll_event event{EPOLLIN, {.ptr = nullptr}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, listener_, &event);
    std::array<epoll_event, 256> events{};
    while (!done_) {
        const int found =
            ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), kLookMs);
        for (const auto& one : std::span{events}.first(found_of(found))) {
            if (one.data.ptr == nullptr)
                welcome();
            else
                on_data(*static_cast<Connection*>(one.data.ptr));
        }
    }
}

void Sink::welcome() {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    no_delay(socket);
    auto& connection = connections_.emplace_back(std::make_unique<Connection>());
    connection->socket = socket;
    epoll_event event{EPOLLIN, {.ptr = connection.get()}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &event);
}

void Sink::on_data(Connection& connection) {
    static thread_local std::array<char, 262'144> piece;
    const auto bytes = ::recv(connection.socket, piece.data(), piece.size(), 0);
    if (bytes < 0 && errno == EAGAIN) return;
    if (bytes <= 0) {
        ::close(connection.socket);
        connection.socket = -1;
        connection.in = {};
        return;
    }
    connection.in.append(piece.data(), static_cast<std::size_t>(bytes));
    HttpMessage request;
    while (!connection.hangs && parse(connection.in, request, scratch_) == Parse::whole) {
        ++requests_;
        connection.hangs = hangs(request.start_line);
        if (!connection.hangs) {
            const auto now = now_ns();
            for_each_mark(request.body, [&](const Mark& mark) { note(mark, now); });
        }
        connection.in.erase(0, request.bytes);
        if (!connection.hangs)
            ::send(connection.socket, kTaken.data(), kTaken.size(), MSG_NOSIGNAL);
    }
}

// "POST /p17 HTTP/1.1"
bool Sink::hangs(std::string_view start_line) const {
    if (options_.hang_below == 0) return false;
    const auto end = start_line.rfind(' ');
    const auto path = start_line.substr(0, end);
    const auto digits = path.find_last_not_of("0123456789") + 1;
    std::uint32_t portal = options_.hang_below;
    std::from_chars(path.data() + digits, path.data() + path.size(), portal);
    return portal < options_.hang_below;
}

void Sink::note(const Mark& mark, std::int64_t now) {
    if (mark.conversation >= seen_.size()) seen_.resize(mark.conversation + 1);
    auto& seen = seen_[mark.conversation];
    if (seen.got.size() < mark.number) seen.got.resize(mark.number);
    if (seen.got[mark.number - 1]) {
        ++repeats_;
        return;
    }
    seen.got[mark.number - 1] = true;
    if (mark.number < seen.highest)
        ++reordered_;
    else
        seen.highest = mark.number;
    unique_.fetch_add(1, std::memory_order_relaxed);
    if (first_ == 0) first_ = now;
    last_ = now;
    const bool timed = mark.conversation % options_.portals >= options_.watch_from;
    if (mark.made_ns > 0 && timed) times_.add(now - mark.made_ns);
}

bool Sink::has(std::size_t conversation, std::size_t index) const {
    return conversation < seen_.size() && index < seen_[conversation].got.size() &&
           seen_[conversation].got[index];
}

std::string Sink::json(const Ledger* ledger, std::int64_t started_ns) const {
    std::uint64_t lost = 0;
    const auto conversations = ledger == nullptr ? seen_.size() : ledger->size();
    for (std::size_t i = 0; i < conversations; ++i) {
        const auto numbers = ledger == nullptr ? seen_[i].got.size() : (*ledger)[i].size();
        for (std::size_t n = 0; n < numbers; ++n) {
            const bool wanted = ledger == nullptr || (*ledger)[i][n];
            if (wanted && !has(i, n)) ++lost;
        }
    }
    const auto began = started_ns == 0 ? first_ : started_ns;
    const auto seconds = static_cast<double>(last_ - began) / 1e9;
    std::array<char, 320> text{};
    std::snprintf(
        text.data(),
        text.size(),
        R"("requests":%llu,"delivered":%llu,"repeats":%llu,"reordered":%llu,"lost":%llu,"seconds":%.3f,"delivered_per_s":%.0f,"e2e_us":)",
        static_cast<unsigned long long>(requests_),
        static_cast<unsigned long long>(unique()),
        static_cast<unsigned long long>(repeats_),
        static_cast<unsigned long long>(reordered_),
        static_cast<unsigned long long>(lost),
        std::max(seconds, 0.0),
        seconds > 0 ? static_cast<double>(unique()) / seconds : 0.0
    );
    return text.data() + times_.json();
}

}  // namespace trunkline::bench
