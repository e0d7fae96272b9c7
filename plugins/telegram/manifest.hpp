#pragma once

namespace trunkline::telegram {

/// What the host knows of this connector without running it. Numbers: telegram.md sections 1, 5
/// and 6. Rates are Telegram's advice; the truth is the 429.
inline constexpr char kManifest[] = R"({
  "settings": [
    {"key": "token", "type": "secret", "title": "Bot token", "help": "What BotFather answered to /newbot", "required": true},
    {"key": "secret", "type": "secret", "title": "Webhook secret", "help": "1 to 256 letters, digits, _ and -; needed with receive: webhook"},
    {"key": "api_base", "type": "url", "title": "Bot API server", "default": "https://api.telegram.org"},
    {"key": "receive", "type": "choice", "title": "How messages arrive", "choices": ["webhook", "poll"], "default": "webhook"},
    {"key": "poll_timeout", "type": "duration", "title": "Longest wait of one poll", "default": "50s", "max": "50s"}
  ],
  "receive": ["webhook", "poll"],
  "poll": {"every": "0s"},
  "check_every": "10m",
  "profile": {"every": "24h"},
  "redelivery_window": "48h",
  "accept": {
    "verify": {"header_equals": {"header": "x-telegram-bot-api-secret-token", "setting": "secret"}},
    "answer": {"status": 200}
  },
  "features": {
    "*": {
      "text_max": 4096,
      "text_unit": "utf16",
      "spans": ["bold", "italic", "underline", "strike", "code", "pre", "quote", "spoiler", "link", "mention"],
      "attachments": {
        "image": {"max_bytes": 10485760, "caption_max": 1024, "note": "a GIF as an animation, an SVG as a file"},
        "video": {"max_bytes": 52428800, "caption_max": 1024},
        "audio": {"max_bytes": 52428800, "caption_max": 1024, "note": "as a file when it is neither MP3 nor M4A"},
        "voice": {"max_bytes": 52428800, "caption_max": 1024, "note": "as a file when it is neither OGG, MP3 nor M4A"},
        "animation": {"max_bytes": 52428800, "caption_max": 1024},
        "file": {"max_bytes": 52428800, "caption_max": 1024},
        "video_note": {"max_bytes": 52428800, "caption_max": 0},
        "sticker": {"max_bytes": 524288, "caption_max": 0}
      },
      "albums": {"max": 10, "mix": [["image", "video"], ["file"], ["audio"]], "buttons": false},
      "buttons": {
        "rows": 100, "per_row": 8, "text_max": 64, "payload_max_bytes": 64, "urls": true,
        "asks": ["text", "contact", "location"]
      },
      "edit": true,
      "delete": true,
      "react": true,
      "reply": true,
      "quote": true,
      "typing": true,
      "read": false,
      "location": true,
      "contact": true
    },
    "group": {
      "buttons": {"rows": 100, "per_row": 8, "text_max": 64, "payload_max_bytes": 64, "urls": true, "asks": ["text"]}
    }
  },
  "receives": {
    "text": "full",
    "spans": "full",
    "image": "full",
    "video": "full",
    "audio": "full",
    "voice": "full",
    "video_note": "full",
    "animation": "full",
    "sticker": "converted: an animated one comes as its still picture",
    "file": "full",
    "link": "never: an address stands in the text",
    "album": "full: item by item, joined by group",
    "location": "full",
    "venue": "full",
    "contact": "full",
    "product": "never",
    "reply": "full",
    "quote": "full",
    "forward": "full",
    "topic": "full",
    "start": "full",
    "edited": "full",
    "deleted": "full: in business conversations; elsewhere Telegram tells nobody",
    "reaction": "full",
    "callback": "full",
    "member": "full",
    "blocked": "full",
    "typing": "never: Telegram does not tell bots",
    "presence": "never: Telegram does not tell bots",
    "read": "never: Telegram does not tell bots",
    "delivered": "never: Telegram does not tell bots",
    "title": "full",
    "migration": "full",
    "profile": "full: name and picture, once a day",
    "outgoing": "full: the owner's own answers in business conversations",
    "history": "never",
    "poll": "refused: the question can be read",
    "dice": "refused",
    "other kinds": "refused: what can be read of them is shown"
  },
  "limits": [
    {"scope": "chat", "rate": 1, "per": "1s", "burst": 3},
    {"scope": "chat", "kinds": ["group"], "rate": 20, "per": "1m", "burst": 20},
    {"scope": "account", "rate": 30, "per": "1s", "burst": 30}
  ]
})";

}  // namespace trunkline::telegram
