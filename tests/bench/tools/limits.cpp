// What this machine allows with nothing in the way: the yardsticks of the durable path.
//   trunkline-bench-limits syncs FOLDER              write 1 KB over a file that is there,
//   fdatasync, again trunkline-bench-limits durable PORT FILE         answers POSTs once what
//   gathered is synced trunkline-bench-limits relay PORT FILE ADDRESS   the same, each body sealed,
//   and every group posted on
#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/tools/figures.hpp"
#include "tests/bench/tools/http.hpp"
#include "tests/bench/tools/message.hpp"

namespace {

using namespace trunkline::bench;

constexpr std::string_view kTaken =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
constexpr off_t kSpan = 256 << 20;

/// A file that was written once, to be written over and over: no size to change, no block to find.
int recycled(const std::string& name) {
    const int file = ::open(name.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) give_up("cannot write " + name);
    const std::string zeros(1 << 20, '\0');
    for (off_t at = 0; at < kSpan; at += static_cast<off_t>(zeros.size())) {
        if (::pwrite(file, zeros.data(), zeros.size(), at) < 0) give_up("cannot write " + name);
    }
    ::fsync(file);
    return file;
}

void measure_syncs(const std::string& folder) {
    const auto name = folder + "/syncs";
    const int file = recycled(name);
    const std::string block(1024, 'x');
    Histogram times;
    std::uint64_t syncs = 0;
    const auto end = now_ns() + 2'000'000'000;
    for (auto before = now_ns(); before < end; ++syncs) {
        const auto at = static_cast<off_t>(syncs * block.size()) % kSpan;
        if (::pwrite(file, block.data(), block.size(), at) < 0 || ::fdatasync(file) != 0)
            give_up("cannot write " + name);
        const auto after = now_ns();
        times.add(after - before);
        before = after;
    }
    ::close(file);
    ::unlink(name.c_str());
    std::printf(
        "{\"syncs_per_s\":%.0f,\"us\":%s}\n", static_cast<double>(syncs) / 2, times.json().c_str()
    );
}

/// AES-256-GCM and HMAC-SHA256 with contexts that are made once.
class Sealer {
public:
    Sealer() {
        EVP_EncryptInit_ex(cipher_, EVP_aes_256_gcm(), nullptr, key_.data(), iv_.data());
        std::array<char, 7> name{"SHA256"};
        const std::array<OSSL_PARAM, 2> settings{
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
            OSSL_PARAM_construct_end()};
        EVP_MAC_init(mac_, key_.data(), key_.size(), settings.data());
    }

    void seal(std::string_view plain, std::string& out) {
        const auto at = out.size();
        out.resize(at + kIv + plain.size() + kTag + kMac);
        auto* const to = reinterpret_cast<unsigned char*>(out.data()) + at;
        ++count_;
        std::memcpy(iv_.data(), &count_, sizeof count_);
        std::memcpy(to, iv_.data(), kIv);
        int bytes = 0;
        int last = 0;
        EVP_EncryptInit_ex(cipher_, nullptr, nullptr, nullptr, iv_.data());
        EVP_EncryptUpdate(
            cipher_,
            to + kIv,
            &bytes,
            reinterpret_cast<const unsigned char*>(plain.data()),
            static_cast<int>(plain.size())
        );
        EVP_EncryptFinal_ex(cipher_, to + kIv + bytes, &last);
        EVP_CIPHER_CTX_ctrl(cipher_, EVP_CTRL_AEAD_GET_TAG, kTag, to + kIv + plain.size());
        std::size_t mac_bytes = 0;
        EVP_MAC_init(mac_, nullptr, 0, nullptr);
        EVP_MAC_update(mac_, to, kIv + plain.size() + kTag);
        EVP_MAC_final(mac_, to + kIv + plain.size() + kTag, &mac_bytes, kMac);
    }

private:
    static constexpr std::size_t kIv = 12;
    static constexpr std::size_t kTag = 16;
    static constexpr std::size_t kMac = 32;
    EVP_CIPHER_CTX* cipher_ = EVP_CIPHER_CTX_new();
    EVP_MAC_CTX* mac_ = EVP_MAC_CTX_new(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    std::array<unsigned char, 32> key_{1};
    std::array<unsigned char, kIv> iv_{};
    std::uint64_t count_ = 0;
};

/// Posts what has become durable, one body after the other over one connection.
class Relay {
public:
    void put(std::string_view plain) {
        {
            const std::lock_guard guard{mutex_};
            waiting_ += plain;
        }
        arrived_.notify_one();
    }

    [[noreturn]] void run(const sockaddr_in& to) {
        int socket = connected(to);
        while (true) {
            std::string body;
            {
                std::unique_lock lock{mutex_};
                arrived_.wait(lock, [&] { return !waiting_.empty(); });
                body.swap(waiting_);
            }
            const std::string request = "POST /p0 HTTP/1.1\r\nHost: sink\r\nContent-Length: " +
                                        std::to_string(body.size()) + "\r\n\r\n" + body;
            while (!posted(socket, request)) {
                ::close(socket);
                socket = connected(to);
            }
        }
    }

private:
    static int connected(const sockaddr_in& to) {
        while (true) {
            const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const auto* where = reinterpret_cast<const sockaddr*>(&to);
            if (::connect(socket, where, sizeof to) == 0) {
                no_delay(socket);
                return socket;
            }
            ::close(socket);
            ::usleep(10'000);
        }
    }

    static bool posted(int socket, std::string_view request) {
        while (!request.empty()) {
            const auto sent = ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            request.remove_prefix(static_cast<std::size_t>(sent));
        }
        std::array<char, 4096> answer;
        return ::recv(socket, answer.data(), answer.size(), 0) > 0;
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::string waiting_;
};

struct Connection {
    int socket;
    std::string in;
};

/// What gathers while the last group is synced.
struct Group {
    std::string log;
    std::string plain;
    std::vector<Connection*> senders;
};

class DurableServer {
public:
    DurableServer(const std::string& port, const std::string& log, const char* relay_to)
        : log_{recycled(log)},
          listener_{listen_on(loopback("127.0.0.1:" + port))},
          wake_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
        if (listener_ < 0) give_up("cannot listen on " + port);
        if (relay_to != nullptr) {
            relays_ = true;
            std::thread{[this, to = loopback(relay_to)] { relay_.run(to); }}.detach();
        }
        std::thread{[this] { write(); }}.detach();
    }

    [[noreturn]] void run() {
        poll_ = ::epoll_create1(EPOLL_CLOEXEC);
        add(listener_, nullptr);
        add(wake_, this);
        std::array<epoll_event, 256> events{};
        while (true) {
            const int found =
                ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
            for (const auto& event : std::span{events}.first(found_of(found))) {
                void* const who = event.data.ptr;
                if (who == nullptr)
                    welcome();
                else if (who == this)
                    answer();
                else
                    read(*static_cast<Connection*>(who));
            }
            hand_over();
        }
    }

private:
    void add(int descriptor, void* who) const {
        epoll_event event{EPOLLIN, {.ptr = who}};
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event);
    }

    void welcome() const {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) return;
        no_delay(socket);
        add(socket, new Connection{socket, {}});  // never freed: the writer may still know it
    }

    void read(Connection& from) {
        const auto bytes = ::recv(from.socket, piece_.data(), piece_.size(), 0);
        if (bytes < 0) return;
        if (bytes == 0) {
            ::close(from.socket);
            from.socket = -1;
            return;
        }
        from.in.append(piece_.data(), static_cast<std::size_t>(bytes));
        HttpMessage request;
        while (parse(from.in, request, scratch_) == Parse::whole) {
            if (relays_) {
                sealer_.seal(request.body, gathered_.log);
                gathered_.plain.append(request.body).append("\n");
            } else {
                gathered_.log.append(request.body);
            }
            gathered_.senders.push_back(&from);
            from.in.erase(0, request.bytes);
        }
    }

    void hand_over() {
        if (gathered_.senders.empty()) return;
        {
            const std::lock_guard guard{mutex_};
            next_.log += gathered_.log;
            next_.plain += gathered_.plain;
            next_.senders.insert(
                next_.senders.end(), gathered_.senders.begin(), gathered_.senders.end()
            );
        }
        arrived_.notify_one();
        gathered_.log.clear();
        gathered_.plain.clear();
        gathered_.senders.clear();
    }

    void write() {
        off_t at = 0;
        while (true) {
            Group group;
            {
                std::unique_lock lock{mutex_};
                arrived_.wait(lock, [&] { return !next_.senders.empty(); });
                group = std::exchange(next_, {});
            }
            if (at + static_cast<off_t>(group.log.size()) > kSpan) at = 0;
            if (::pwrite(log_, group.log.data(), group.log.size(), at) < 0 ||
                ::fdatasync(log_) != 0)
                give_up("cannot write the log");
            at += static_cast<off_t>(group.log.size());
            if (relays_) relay_.put(group.plain);
            {
                const std::lock_guard guard{mutex_};
                synced_.insert(synced_.end(), group.senders.begin(), group.senders.end());
            }
            const std::uint64_t tick = 1;
            if (::write(wake_, &tick, sizeof tick) < 0) give_up("cannot wake the server");
        }
    }

    void answer() {
        std::uint64_t ticks = 0;
        if (::read(wake_, &ticks, sizeof ticks) < 0) return;
        std::vector<Connection*> to;
        {
            const std::lock_guard guard{mutex_};
            to.swap(synced_);
        }
        for (const auto* connection : to)
            ::send(connection->socket, kTaken.data(), kTaken.size(), MSG_NOSIGNAL);
    }

    const int log_;
    const int listener_;
    const int wake_;
    int poll_ = -1;
    bool relays_ = false;
    Relay relay_;
    Sealer sealer_;
    Group gathered_;
    std::array<char, 65'536> piece_{};
    std::string scratch_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    Group next_;                       // guarded by mutex_
    std::vector<Connection*> synced_;  // guarded by mutex_
};

}  // namespace

int main(int argc, char** argv) {
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode == "syncs" && argc == 3) {
        measure_syncs(argv[2]);
        return 0;
    }
    if ((mode != "durable" || argc != 4) && (mode != "relay" || argc != 5))
        give_up(
            "usage: trunkline-bench-limits syncs FOLDER | durable PORT FILE | relay PORT FILE "
            "ADDRESS"
        );
    auto* const server = new DurableServer{argv[2], argv[3], mode == "relay" ? argv[4] : nullptr};
    server->run();
}
