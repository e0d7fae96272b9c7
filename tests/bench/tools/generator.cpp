#include "tests/bench/tools/generator.hpp"

#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trunkline::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kConnectAgain = 50'000'000;
constexpr std::int64_t kLook = 1'000'000;

}  // namespace

Generator::Generator(const Options& options)
    : options_{options},
      body_{kTelegramUpdate},
      numbers_(options.conversations),
      ledger_(options.conversations) {
    std::string_view url = options_.url;
    constexpr std::string_view kScheme = "http://";
    if (!url.starts_with(kScheme)) give_up("--url begins with http://");
    url.remove_prefix(kScheme.size());
    const auto slash = std::min(url.find('/'), url.size());
    address_ = loopback(url.substr(0, slash));
    path_ = std::make_unique<Template>(slash < url.size() ? url.substr(slash) : "/");
    head_ = " HTTP/1.1\r\nHost: " + std::string{url.substr(0, slash)} +
            "\r\nContent-Type: application/json\r\n";
    for (const auto& header : options_.headers)
        head_ += header + "\r\n";
    head_ += "Content-Length: ";
}

bool Generator::more(std::int64_t now) const noexcept {
    return now < until_ && (options_.count == 0 || issued_ < options_.count);
}

std::int64_t Generator::due_of(std::uint64_t nth) const noexcept {
    return start_ + static_cast<std::int64_t>(static_cast<double>(nth) * kSecond / options_.rate);
}

void Generator::run(const std::atomic<bool>& stop) {
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    connections_.resize(options_.connections);
    for (std::uint32_t i = 0; i < options_.conversations; ++i)
        connections_[i % options_.connections].conversations.push_back(i);
    start_ = now_ns();
    until_ = start_ + static_cast<std::int64_t>(options_.seconds * kSecond);
    const auto last = until_ + 2 * kSecond;
    for (auto& connection : connections_)
        connection.again_ns = start_;
    unconnected_ = connections_.size();
    std::array<epoll_event, 256> events{};
    while (!stop) {
        const auto now = now_ns();
        const bool going = more(now);
        if ((!going && busy_ == 0) || now > last) break;
        if (going && options_.rate > 0) release(now);
        if (unconnected_ > 0) connect_again(now);
        timespec wait{0, kLook};
        if (going && options_.rate > 0)
            wait.tv_nsec = std::clamp<std::int64_t>(due_of(issued_) - now, 0, kLook);
        const int found =
            ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
        for (const auto& event : std::span{events}.first(found_of(found)))
            on_event(*static_cast<Connection*>(event.data.ptr), event.events);
    }
    end_ = now_ns();
    for (auto& connection : connections_) {
        if (connection.socket >= 0) ::close(connection.socket);
    }
    ::close(poll_);
}

// Hands every message that is due to a connection, in turn. One that is busy sends it later, and
// its time counts from now all the same.
void Generator::release(std::int64_t now) {
    for (; due_of(issued_) <= now && more(now); ++issued_) {
        auto& connection = connections_[issued_ % connections_.size()];
        connection.waiting.push_back(due_of(issued_));
        if (connection.socket >= 0 && !connection.busy) next(connection);
    }
}

void Generator::connect_again(std::int64_t now) {
    for (auto& connection : connections_) {
        if (connection.again_ns == 0 || connection.again_ns > now) continue;
        if (!connect(connection)) {
            connection.again_ns = now + kConnectAgain;
            continue;
        }
        connection.again_ns = 0;
        --unconnected_;
        next(connection);
    }
}

bool Generator::connect(Connection& connection) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0) {
        ::close(socket);
        return false;
    }
    no_delay(socket);
    ::fcntl(socket, F_SETFL, O_NONBLOCK);
    connection.socket = socket;
    connection.wants_out = false;
    connection.in.clear();
    epoll_event event{EPOLLIN, {.ptr = &connection}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &event);
    return true;
}

void Generator::next(Connection& connection) {
    const auto now = now_ns();
    if (options_.rate > 0) {
        if (connection.waiting.empty()) return;
        connection.due_ns = connection.waiting.front();
        connection.waiting.pop_front();
    } else {
        if (!more(now)) return;
        connection.due_ns = now;
        ++issued_;
    }
    const auto conversation =
        connection.conversations[connection.next++ % connection.conversations.size()];
    auto& message = connection.message;
    message.update = options_.first + made_++;
    message.conversation = conversation;
    message.number = ++numbers_[conversation];
    message.portal = conversation % options_.portals;
    message.made_ns = now;
    scratch_body_.clear();
    body_.render(message, options_.size, scratch_body_);
    auto& out = connection.out;
    out = "POST ";
    path_->render(message, 0, out);
    out += head_;
    out += std::to_string(scratch_body_.size());
    out += "\r\n\r\n";
    out += scratch_body_;
    connection.sent = 0;
    connection.busy = true;
    ++busy_;
    flush(connection);
}

void Generator::flush(Connection& connection) {
    const std::string& out = connection.out;
    while (connection.sent < out.size()) {
        const auto sent = ::send(
            connection.socket,
            out.data() + connection.sent,
            out.size() - connection.sent,
            MSG_NOSIGNAL
        );
        if (sent < 0 && errno != EAGAIN) return broken(connection);
        if (sent < 0) break;
        connection.sent += static_cast<std::size_t>(sent);
    }
    const bool wants = connection.sent < out.size();
    if (wants == connection.wants_out) return;
    connection.wants_out = wants;
    epoll_event event{EPOLLIN | (wants ? EPOLLOUT : 0U), {.ptr = &connection}};
    ::epoll_ctl(poll_, EPOLL_CTL_MOD, connection.socket, &event);
}

void Generator::on_event(Connection& connection, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush(connection);
    if (connection.socket < 0 || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    std::array<char, 16'384> piece;
    const auto bytes = ::recv(connection.socket, piece.data(), piece.size(), 0);
    if (bytes < 0 && errno == EAGAIN) return;
    if (bytes <= 0) return broken(connection);
    connection.in.append(piece.data(), static_cast<std::size_t>(bytes));
    HttpMessage answer;
    const auto parsed = parse(connection.in, answer, scratch_);
    if (parsed == Parse::more) return;
    if (parsed == Parse::bad || !connection.busy) return broken(connection);
    const bool closes = answer.closes;
    const int status = answer.status;
    connection.in.erase(0, answer.bytes);
    answered(connection, status);
    connection.busy = false;
    --busy_;
    if (closes) return broken(connection);
    next(connection);
}

void Generator::answered(Connection& connection, int status) {
    if (status / 100 != 2) {
        ++rejected_;
        return;
    }
    ++accepted_;
    const auto& message = connection.message;
    if (message.portal >= options_.watch_from) times_.add(now_ns() - connection.due_ns);
    auto& seen = ledger_[message.conversation];
    if (seen.size() < message.number) seen.resize(message.number);
    seen[message.number - 1] = true;
}

void Generator::broken(Connection& connection) {
    ::close(connection.socket);
    connection.socket = -1;
    if (connection.busy) {
        ++errors_;
        connection.busy = false;
        --busy_;
    }
    connection.again_ns = now_ns() + kConnectAgain;
    ++unconnected_;
}

std::string Generator::json() const {
    const auto seconds = static_cast<double>(end_ - start_) / kSecond;
    std::array<char, 256> text{};
    std::snprintf(
        text.data(),
        text.size(),
        R"("seconds":%.3f,"accepted":%llu,"rejected":%llu,"errors":%llu,"accepted_per_s":%.0f,"ack_us":)",
        seconds,
        static_cast<unsigned long long>(accepted_),
        static_cast<unsigned long long>(rejected_),
        static_cast<unsigned long long>(errors_),
        static_cast<double>(accepted_) / seconds
    );
    return text.data() + times_.json();
}

}  // namespace trunkline::bench
