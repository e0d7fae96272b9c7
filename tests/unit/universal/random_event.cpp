#include "random_event.hpp"

#include <array>

#include "host/universal/unicode.hpp"

namespace trunkline::universal {

std::string RandomEvents::text(std::size_t code_points_max) {
    constexpr std::array<const char*, 20> kPieces{
        "a",
        "Z",
        " ",
        "\n",
        "\"",
        "\\",
        "/",
        "\x01",
        "\x1F",
        "\x7F",
        "é",
        "П",
        "漢",
        "👋",
        "👩‍👩‍👧",
        "🇩🇪",
        "\xEF\xBF\xBD",
        "\xE2\x80\xA8",
        "e\xCC\x81",
        "\xF4\x8F\xBF\xBF"};
    std::string out;
    const std::size_t count = number(static_cast<std::uint32_t>(code_points_max));
    for (std::size_t i = 0; i < count; ++i)
        out += kPieces[random_() % kPieces.size()];
    return out;
}

void RandomEvents::sender(Sender& out) {
    out.set_id(word());
    out.set_name(word());
    out.set_username(word());
    out.set_language(word());
    out.set_avatar(url());
    out.set_phone(word());
    out.set_bot(maybe());
}

void RandomEvents::attachment(Attachment& out) {
    out.set_kind("image");
    out.set_url(url());
    out.set_name(word());
    out.set_mime(word());
    out.set_size(std::uint64_t{number(0xFFFFFFFF)} << (random_() % 31));
    out.set_width(number(0xFFFFFFFF));
    out.set_height(number(10));
    out.set_duration(number(100000));
    if (maybe()) out.set_expires(time());
}

void RandomEvents::button(Button& out) {
    out.set_id(word());
    out.set_text("b" + word());
    out.set_url(url());
    out.set_payload(word());
    if (maybe()) out.set_asks(word());
}

void RandomEvents::parts(Message& out) {
    if (maybe()) {
        out.mutable_location()->set_latitude(
            (static_cast<double>(number(180'000'000)) - 9e7) / 1e6
        );
        out.mutable_location()->set_longitude(
            (static_cast<double>(number(360'000'000)) - 18e7) / 1e6
        );
        out.mutable_location()->set_title(word());
        out.mutable_location()->set_url(url());
    }
    if (maybe()) {
        out.mutable_contact()->set_name(word());
        out.mutable_contact()->set_email(word());
        out.mutable_contact()->set_own(maybe());
        out.mutable_contact()->set_vcard(word());
    }
    if (maybe()) {
        out.mutable_product()->set_title(word());
        out.mutable_product()->set_price("12.50");
        out.mutable_product()->set_quantity(number(9));
    }
    if (maybe()) out.mutable_start()->set_payload(word());
    for (std::uint32_t rows = number(3); rows > 0; --rows) {
        ButtonRow& row = *out.add_buttons();
        for (std::uint32_t i = number(3); i > 0; --i)
            button(*row.add_buttons());
    }
}

Message RandomEvents::message() {
    Message out;
    out.set_id(word());
    if (maybe()) out.set_text(text(60));
    const auto length = static_cast<std::uint32_t>(count_code_points(out.text()));
    for (std::uint32_t i = number(5); i > 0 && length > 0; --i) {
        Span& span = *out.add_spans();
        span.set_type("bold");
        span.set_offset(number(length - 1));
        span.set_length(1 + number(length - span.offset() - 1));
        span.set_url(url());
        span.set_user(word());
    }
    for (std::uint32_t i = number(3); i > 0; --i)
        attachment(*out.add_attachments());
    if (maybe()) {
        out.mutable_reply_to()->set_id(word());
        out.mutable_reply_to()->set_text(text(20));
        if (maybe()) out.mutable_reply_to()->set_quote(text(5));
    }
    if (maybe()) out.mutable_forwarded_from()->set_name(word());
    out.set_group(word());
    if (maybe()) out.set_order(static_cast<std::int64_t>(random_()) - 2'000'000'000);
    parts(out);
    out.set_as(maybe() ? "private" : "");
    if (maybe()) out.set_extra(R"({"poll":{"x":[1,2.5,null,"\u0001"]}})");
    return out;
}

void RandomEvents::details(Event& out) {
    if (maybe()) out.set_revision(static_cast<std::int64_t>(random_()));
    out.set_replaces(word());
    out.set_emoji(word());
    if (maybe()) out.set_removed(maybe());
    if (maybe()) button(*out.mutable_button());
    out.set_command(word());
    out.set_state(word());
    if (maybe()) out.set_until(time());
    for (std::uint32_t i = number(3); i > 0; --i)
        out.add_messages(text(5));
    for (std::uint32_t i = number(2); i > 0; --i)
        out.add_changes()->set_what(word());
    if (maybe()) out.mutable_error()->set_code(word());
    if (maybe()) out.set_through_time(time());
    out.set_through_message(word());
    if (maybe()) out.set_on(maybe());
    if (maybe()) sender(*out.mutable_who());
    out.set_action(word());
    out.set_former(word());
    out.set_reason(word());
    out.set_quarantine(word());
    if (maybe()) out.set_text(text(20));
    out.set_code(word());
    if (maybe()) out.mutable_gap()->set_through(number(1000));
    if (maybe()) out.mutable_requeued()->set_sequence(1 + number(1000));
    if (maybe()) out.set_extra(R"({"strength":9,"who else":{"a":[]}})");
}

Event RandomEvents::event() {
    Event out;
    out.set_id(word());
    out.set_sequence(number(0xFFFFFFFF));
    out.set_conversation_sequence(number(100));
    out.set_type("t" + word());
    if (maybe()) out.set_time(time());
    if (maybe()) out.set_received(time());
    out.set_connector(word());
    out.set_line(word());
    if (maybe())
        out.mutable_health()->set_account(word());
    else
        out.set_account(word());
    if (maybe()) {
        out.mutable_conversation()->set_id(word());
        out.mutable_conversation()->set_title(word());
        out.mutable_conversation()->set_url(url());
    }
    if (maybe()) sender(*out.mutable_sender());
    if (maybe()) *out.mutable_message() = message();
    out.set_outgoing(maybe());
    out.set_late(maybe());
    details(out);
    return out;
}

}  // namespace trunkline::universal
