#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <netinet/in.h>

/// The least of HTTP/1.1 that measuring needs, so that the tool costs the machine as little as
/// possible. What it talks to is trusted: our own programs on this machine.
namespace trunkline::bench {

enum class Parse { more, whole, bad };

struct HttpMessage {
    std::string_view start_line;
    std::string_view body;  ///< borrowed from the input, or from `scratch` when it came in chunks
    std::size_t bytes = 0;  ///< of the input that it takes up
    int status = 0;         ///< of an answer
    bool closes = false;
};

/// One whole message at the start of `input`.
Parse parse(std::string_view input, HttpMessage& message, std::string& scratch);

/// "127.0.0.1:8080". Nothing outside 127.0.0.0/8 is loaded. Ends the program when it is anything
/// else.
sockaddr_in loopback(std::string_view address);

/// A listening socket that does not block; -1 when the port is taken.
int listen_on(const sockaddr_in& address);
void no_delay(int socket);

/// How many events epoll has given.
inline std::size_t found_of(int events) {
    return events < 0 ? 0 : static_cast<std::size_t>(events);
}

[[noreturn]] void give_up(const std::string& why);

}  // namespace trunkline::bench
