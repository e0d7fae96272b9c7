#include "host/base/clock.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace trunkline {

WallMs SystemClock::wall_ms() const noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch()
    )
        .count();
}

std::chrono::steady_clock::time_point SystemClock::steady() const noexcept {
    return std::chrono::steady_clock::now();
}

namespace {

std::tm utc(WallMs ms, std::int64_t& fraction) {
    std::int64_t seconds = ms / 1000;
    fraction = ms % 1000;
    if (fraction < 0) {
        fraction += 1000;
        --seconds;
    }
    const std::time_t time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    gmtime_r(&time, &parts);
    return parts;
}

bool digits(const std::string& text, std::size_t at, std::size_t count, int& out) noexcept {
    if (at + count > text.size()) return false;
    out = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return false;
        out = out * 10 + (text[i] - '0');
    }
    return true;
}

}  // namespace

std::string rfc3339(WallMs ms) {
    std::int64_t fraction = 0;
    const std::tm t = utc(ms, fraction);
    std::array<char, 48> text{};
    const int size = std::snprintf(
        text.data(),
        text.size(),
        "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
        t.tm_year + 1900,
        t.tm_mon + 1,
        t.tm_mday,
        t.tm_hour,
        t.tm_min,
        t.tm_sec,
        static_cast<int>(fraction)
    );
    return std::string(text.data(), static_cast<std::size_t>(size));
}

bool parse_rfc3339(const std::string& text, WallMs& out) noexcept {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    if (!digits(text, 0, 4, year) || !digits(text, 5, 2, month) || !digits(text, 8, 2, day))
        return false;
    if (!digits(text, 11, 2, hour) || !digits(text, 14, 2, minute) || !digits(text, 17, 2, second))
        return false;
    if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
        text[13] != ':' || text[16] != ':')
        return false;
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return false;
    std::size_t at = 19;
    int ms = 0;
    if (at < text.size() && text[at] == '.') {
        ++at;
        int scale = 100;
        std::size_t count = 0;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count) {
            ms += (text[at] - '0') * scale;
            scale /= 10;
        }
        if (count == 0) return false;
    }
    std::int64_t offset_minutes = 0;
    if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
        ++at;
    } else {
        int oh = 0, om = 0;
        if (at + 6 != text.size() || (text[at] != '+' && text[at] != '-')) return false;
        if (!digits(text, at + 1, 2, oh) || text[at + 3] != ':' || !digits(text, at + 4, 2, om))
            return false;
        offset_minutes = (text[at] == '+' ? 1 : -1) * (oh * 60 + om);
        at += 6;
    }
    if (at != text.size()) return false;
    std::tm t{};
    t.tm_year = year - 1900;
    t.tm_mon = month - 1;
    t.tm_mday = day;
    t.tm_hour = hour;
    t.tm_min = minute;
    t.tm_sec = second;
    out = (static_cast<std::int64_t>(timegm(&t)) - offset_minutes * 60) * 1000 + ms;
    return true;
}

std::string http_date(WallMs ms) {
    static constexpr std::array<const char*, 7> kDays{
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::int64_t fraction = 0;
    const std::tm t = utc(ms, fraction);
    std::array<char, 48> text{};
    const int size = std::snprintf(
        text.data(),
        text.size(),
        "%s, %02d %s %04d %02d:%02d:%02d GMT",
        kDays[static_cast<std::size_t>(t.tm_wday)],
        t.tm_mday,
        kMonths[static_cast<std::size_t>(t.tm_mon)],
        t.tm_year + 1900,
        t.tm_hour,
        t.tm_min,
        t.tm_sec
    );
    return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace trunkline
