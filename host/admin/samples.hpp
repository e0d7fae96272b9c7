#pragma once

#include <cstdint>
#include <string>

/// Prometheus text, piece by piece.
namespace trunkline::admin {

/// One family of samples: its help and type are written once, before the first.
class Family {
public:
    Family(std::string& out, std::string name, const char* type, const char* help)
        : out_{out}, name_{std::move(name)} {
        out_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ + " " + type + "\n";
    }
    Family& add(double value, const std::string& labels = "") {
        std::string text = std::to_string(value);
        text.erase(text.find_last_not_of('0') + 1);
        if (text.ends_with('.')) text.pop_back();
        out_ += name_ + (labels.empty() ? "" : "{" + labels + "}") + " " + text + "\n";
        return *this;
    }
    Family& add(std::uint64_t value, const std::string& labels = "") {
        return add(static_cast<double>(value), labels);
    }

private:
    std::string& out_;
    std::string name_;
};

inline std::string label(const char* name, const std::string& value) {
    std::string out = std::string{name} + "=\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out + "\"";
}

}  // namespace trunkline::admin
