#include "host/trunkctl/connect.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include <boost/json.hpp>
#include <termios.h>
#include <unistd.h>

#include "host/base/base64.hpp"
#include "host/net/url.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::trunkctl {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr milliseconds kLook{1'000};

std::string text_of(const json::value& value) {
    return value.is_string() ? std::string{value.get_string()} : json::serialize(value);
}

std::string text_at(const json::object& of, std::string_view key) {
    const auto* value = of.if_contains(key);
    return value == nullptr || value->is_null() ? std::string{} : text_of(*value);
}

/// What is typed is not shown while this lives. Does nothing where no terminal is.
class Hidden {
public:
    explicit Hidden(bool hide) {
        if (!hide || ::tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        hidden_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
    }
    Hidden(const Hidden&) = delete;
    Hidden& operator=(const Hidden&) = delete;
    ~Hidden() {
        if (hidden_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    bool works() const { return hidden_; }

private:
    termios before_{};
    bool hidden_ = false;
};

/// A person at a terminal.
class Talk {
public:
    Talk(std::istream& in, std::ostream& out) : in_{in}, out_{out} {}

    void say(const std::string& text) {
        if (!text.empty()) out_ << text << '\n';
    }
    /// A line; none when nobody answers any more.
    std::optional<std::string> ask(const std::string& question, bool secret = false) {
        out_ << question << ": " << std::flush;
        std::string line;
        const Hidden hidden{secret};
        const bool read = static_cast<bool>(std::getline(in_, line));
        if (hidden.works()) out_ << '\n';
        if (!read) return std::nullopt;
        if (line.ends_with('\r')) line.pop_back();
        return line;
    }

private:
    std::istream& in_;
    std::ostream& out_;
};

/// One field's value; none when nobody answers any more.
std::optional<json::value> ask_for(Talk& talk, const json::object& field) {
    std::string title = text_at(field, "title");
    if (title.empty()) title = text_at(field, "key");
    talk.say(text_at(field, "help"));
    const std::string type = text_at(field, "type");
    if (type == "confirm" || type == "flag") {
        const auto line = talk.ask(title + " (yes/no)");
        if (!line) return std::nullopt;
        return json::value(*line == "yes" || *line == "y");
    }
    const auto* options = field.if_contains("options");
    if (options != nullptr && options->is_array()) {
        std::vector<std::string> values;
        for (const json::value& each : options->get_array()) {
            const auto* option = each.if_object();
            values.push_back(option == nullptr ? text_of(each) : text_at(*option, "value"));
            const std::string shown = option == nullptr ? "" : text_at(*option, "title");
            talk.say(
                "  " + std::to_string(values.size()) + ") " +
                (shown.empty() ? values.back() : shown)
            );
        }
        const auto line = talk.ask(title + " (number)");
        if (!line) return std::nullopt;
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (*line == std::to_string(i + 1) || *line == values[i]) return json::value(values[i]);
        }
        return json::value(*line);
    }
    const std::string usual = text_at(field, "default");
    const auto line =
        talk.ask(usual.empty() ? title : title + " [" + usual + "]", type == "secret");
    if (!line) return std::nullopt;
    return json::value(line->empty() ? usual : *line);
}

void show_form(Talk& talk, const json::object& form) {
    talk.say("");
    talk.say(text_at(form, "title"));
    talk.say(text_at(form, "text"));
    if (const std::string error = text_at(form, "error"); !error.empty()) talk.say("! " + error);
    talk.say(text_at(form, "code"));
    if (text_at(form, "kind") != "redirect") talk.say(text_at(form, "url"));
}

/// The values of a form's fields, asked one after the other.
std::optional<json::object> fill_in(Talk& talk, const json::object& form) {
    json::object values;
    const auto* fields = form.if_contains("fields");
    if (fields == nullptr || !fields->is_array() || fields->get_array().empty()) {
        if (!talk.ask("Press Enter to go on")) return std::nullopt;
        return values;
    }
    for (const json::value& each : fields->get_array()) {
        const auto* field = each.if_object();
        if (field == nullptr) continue;
        auto value = ask_for(talk, *field);
        if (!value) return std::nullopt;
        values[text_at(*field, "key")] = *std::move(value);
    }
    return values;
}

class Connecting {
public:
    Connecting(const Api& api, const ConnectWish& wish, Talk talk)
        : api_{api},
          path_{"/v1/accounts/" + net::percent_encode(wish.account) + "/connect"},
          wish_{wish},
          talk_{talk} {}

    int run() {
        const json::object wanted{
            {"connector", wish_.connector},
            {"portal", wish_.portal},
            {"line", wish_.line},
            {"settings", wish_.settings}};
        auto stage = api_.post(path_, wanted);
        // One that is under way is gone on with.
        if (!stage) {
            auto present = api_.get(path_);
            if (!present || !is_open(*present)) return failed(stage.error().context);
            stage = std::move(present);
        }
        if (wish_.page_only) {
            talk_.say(text_at(stage->get_object(), "page"));
            return 0;
        }
        while (stage && is_open(*stage))
            stage = next(stage->get_object());
        if (!stage) return failed(stage.error().context);
        return end(stage->get_object());
    }

private:
    static bool is_open(const json::value& stage) {
        const std::string state =
            stage.is_object() ? text_at(stage.get_object(), "state") : std::string{};
        return state == "waiting" || state == "working";
    }

    Result<json::value> next(const json::object& stage) {
        const auto* form = stage.if_contains("form");
        if (text_at(stage, "state") == "working" || form == nullptr || !form->is_object())
            return later();
        const std::string step = text_at(stage, "step");
        show_form(talk_, form->get_object());
        if (text_at(form->get_object(), "kind") == "redirect") {
            talk_.say("Sign in on this page; this goes on when you have:");
            talk_.say(text_at(stage, "page"));
            return until_after(step);
        }
        auto values = fill_in(talk_, form->get_object());
        if (!values) {
            const std::string page = text_at(stage, "page");
            return Error{Fault::cancelled, "not finished; go on here or at " + page};
        }
        const json::object answer{
            {"step", step},
            {"transaction", base64url_encode(seal::random_bytes(16))},
            {"values", *std::move(values)}};
        auto after = api_.post(path_ + "/answer", answer);
        if (after) return after;
        talk_.say("! " + after.error().context);
        return api_.get(path_);
    }

    Result<json::value> later() {
        std::this_thread::sleep_for(kLook);
        return api_.get(path_);
    }

    Result<json::value> until_after(const std::string& step) {
        for (;;) {
            auto stage = later();
            if (!stage || !is_open(*stage) || text_at(stage->get_object(), "step") != step)
                return stage;
        }
    }

    int failed(const std::string& why) {
        talk_.say("trunkctl: " + why);
        return 1;
    }

    int end(const json::object& stage) {
        const std::string state = text_at(stage, "state");
        const bool done = state == "done";
        talk_.say("");
        talk_.say(wish_.account + (done ? " is connected" : ": " + state));
        for (const char* member : {"title", "url", "text"})
            talk_.say(text_at(stage, member));
        return done ? 0 : 1;
    }

    const Api& api_;
    const std::string path_;
    const ConnectWish& wish_;
    Talk talk_;
};

}  // namespace

std::optional<ConnectWish> read_connect_wish(const std::vector<std::string>& words) {
    ConnectWish wish;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--page") {
            wish.page_only = true;
            continue;
        }
        if (word == "--set") {
            if (++i == words.size()) return std::nullopt;
            const std::size_t equals = words[i].find('=');
            if (equals == 0 || equals == std::string::npos) return std::nullopt;
            wish.settings[words[i].substr(0, equals)] = words[i].substr(equals + 1);
            continue;
        }
        std::string* const into = word == "--connector" ? &wish.connector
                                  : word == "--portal"  ? &wish.portal
                                  : word == "--line"    ? &wish.line
                                                        : nullptr;
        if (into != nullptr) {
            if (++i == words.size()) return std::nullopt;
            *into = words[i];
        } else if (word.starts_with("--") || !wish.account.empty()) {
            return std::nullopt;
        } else {
            wish.account = word;
        }
    }
    if (wish.account.empty()) return std::nullopt;
    return wish;
}

int connect_account(const Api& api, const ConnectWish& wish, std::istream& in, std::ostream& out) {
    return Connecting{api, wish, Talk{in, out}}.run();
}

}  // namespace trunkline::trunkctl
