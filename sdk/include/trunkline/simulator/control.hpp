#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "trunkline/simulator/calls.hpp"
#include "trunkline/simulator/files.hpp"
#include "trunkline/simulator/rates.hpp"

namespace trunkline::simulator {

/// What a simulated messenger's customer can do and sees; what the page is made of.
struct Abilities {
    struct Sticker {
        std::string emoji, name;
    };
    std::string messenger;          ///< "Telegram"
    std::string title;              ///< of the page
    std::string color;              ///< "#229ed9"
    std::string business_name;      ///< who the customer talks to
    std::string business_username;  ///< "" = it has none
    std::uint64_t file_bytes_max = 20U << 20U;
    std::vector<std::string> customer_can;  ///< "text", "photo", ..., "reply", "block"
    std::vector<std::string> shows;         ///< "typing", "buttons", "keyboard", ...
    std::vector<Sticker> stickers;

    json::object as_json() const;
};

/// Thrown by what answers /control/...: told as {"error"} with `status`.
class Wrong : public std::runtime_error {
public:
    explicit Wrong(const std::string& why, int code = 400)
        : std::runtime_error{why}, status{code} {}
    int status;
};

/// /control/...: what tests and the customer's page ask for, and the page itself at "/". Brings
/// `log`, `faults`, `rates`, `abilities`, `files/{id}`; the messenger adds its own. On the loop.
class Control {
public:
    struct Rooms {
        Loop& loop;
        Faults& faults;
        Journal& journal;
        Rates& rates;
        Files& files;
        Calls& calls;
    };
    Control(Rooms rooms, Abilities abilities);

    /// POST /control/`name` with a JSON object, answered with `status`. Refuses by throwing
    /// `Wrong`.
    void on_post(
        const std::string& name,
        std::function<json::value(const json::object&)> act,
        int status = 200
    );
    /// GET /control/`name`, and everything below it: `rest` is what follows the name.
    void on_get(
        const std::string& name,
        std::function<json::value(std::string_view rest, std::string_view query)> look
    );
    void on_clear(std::function<void()> clear);  ///< DELETE /control/state

    bool takes(std::string_view path) const;
    Response handle(const Request& request);

private:
    Response look(const Request& request);
    Response remove(const Request& request);
    Response file(const std::string& id, std::string_view range) const;

    Rooms rooms_;
    Abilities abilities_;
    struct Act {
        std::function<json::value(const json::object&)> act;
        int status = 200;
    };
    std::map<std::string, Act, std::less<>> acts_;
    std::map<
        std::string,
        std::function<json::value(std::string_view, std::string_view)>,
        std::less<>>
        looks_;
    std::function<void()> clear_;
};

}  // namespace trunkline::simulator
